// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import PebbleAPI
import PebblePlan
import Testing

@testable import PebbleDaemon

/// Whom a command runs as, and with which environment, as the original settles it.
@Suite struct ExecSetupTests {
    private let directory: TestDirectory
    private let accounts: Accounts

    init() throws {
        directory = try TestDirectory()
        let users = "root:x:0:0:root:/:/bin/sh\nbin:x:1:1:bin:/usr:/bin/sh\nweb:x:800:801:web:/tmp:/bin/sh\n"
        try AtomicFile.write(users, to: directory.file("passwd"), mode: 0o644)
        try AtomicFile.write("root:x:0:\nbin:x:1:\nwww:x:801:\n", to: directory.file("group"), mode: 0o644)
        accounts = Accounts(passwordFile: directory.file("passwd"), groupFile: directory.file("group"))
    }

    private func setup(_ change: (inout ExecRequest) -> Void, context: Service? = nil) throws -> ExecSetup {
        var request = ExecRequest(command: ["true"])
        change(&request)
        var plan = Plan()
        if let context {
            plan.services[context.name] = context
            request.serviceContext = context.name
        }
        let environment = ["PATH": "/usr/bin:/bin", "HOME": "/var", "USER": "boss", "PEBBLE": "/p"]
        return try ExecSetup(request, plan: plan, daemonEnvironment: environment, accounts: accounts)
    }

    private var service: Service {
        var service = Service(name: "ctx")
        service.user = "web"
        service.group = "www"
        service.environment = ["COLOUR": "blue"]
        service.workingDirectory = "/usr"
        return service
    }

    @Test func `what is not asked for comes from the context, each field for itself`() throws {
        let same = try setup({ _ in }, context: service)
        #expect(same.identity == SpawnRequest.Identity(userID: 800, groupID: 801))
        #expect(same.environment["HOME"] == "/tmp" && same.environment["COLOUR"] == "blue")
        #expect(same.directory == "/usr")
        let user = try setup({ $0.user = "bin" }, context: service)
        #expect(user.identity == SpawnRequest.Identity(userID: 1, groupID: 801))
        let group = try setup({ $0.group = "bin" }, context: service)
        #expect(group.identity == SpawnRequest.Identity(userID: 800, groupID: 1))
        let error = #expect(throws: DaemonError.self) { try setup({ $0.userID = 0 }, context: service) }
        #expect(error?.message == "user \"web\" UID (800) does not match user-id (0)")
    }

    @Test func `the environment told is the whole one`() throws {
        let found = try setup { $0.environment = ["A": "b"] }
        #expect(found.environment["PEBBLE"] == "/p" && found.environment["A"] == "b")
        #expect(found.environment["LANG"] == "C.UTF-8")
    }

    @Test func `somebody without an account gets neither home nor name of the daemon's`() throws {
        let found = try setup {
            $0.userID = 12345
            $0.groupID = 3
        }
        #expect(found.environment["HOME"] == nil && found.environment["USER"] == nil)
        #expect(found.directory == "/")
        let given = try setup {
            $0.userID = 12345
            $0.groupID = 3
            $0.environment = ["HOME": "/usr"]
        }
        #expect(given.environment["HOME"] == "/usr" && given.directory == "/usr")
        let error = #expect(throws: DaemonError.self) { try setup { $0.userID = 12345 } }
        #expect(error?.message == "user: unknown userid 12345")
    }
}
