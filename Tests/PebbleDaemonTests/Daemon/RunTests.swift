// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import PebbleClient
import Testing

@testable import PebbleDaemon

/// `pebble run` as a process: its flags, variables, signals and exit codes.
@Suite(.serialized) struct RunTests {
    @Test(arguments: ["SIGINT", "SIGTERM", "SIGQUIT"])
    func `a signal ends it and its services in good order`(name: String) async throws {
        let directory = try TestDirectory()
        let pebble = try RunningProgram(
            directory,
            layer: """
                services:
                  web:
                    override: replace
                    startup: enabled
                    command: sh -c "trap 'echo bye > \(directory.file("bye")); exit' TERM; echo up; sleep 1000 & wait"
                """
        )
        try await pebble.waitUntilReady()
        try await eventually("the service is not up") {
            try await pebble.call { try $0.logs(["web"]) }.map(\.message) == ["up"]
        }
        let signal = try #require(Signal(name: name))
        #expect(await pebble.stop(signal) == .exited(code: 0))
        #expect(try FileBytes.read(directory.file("bye")) == Array("bye\n".utf8))
        #expect(access(directory.file(".pebble.socket"), F_OK) != 0)
    }

    @Test func `it makes its directory, holds services and listens where it is told`() async throws {
        let directory = try TestDirectory()
        let place = directory.file("deep/down")
        let socket = directory.file("socket")
        let pebble = try RunningProgram(
            directory,
            arguments: ["run", "--create-dirs", "--hold"],
            environment: ["PEBBLE": place, "PEBBLE_SOCKET": socket]
        )
        try await pebble.waitUntilReady()
        var information = stat()
        #expect(stat(place, &information) == 0)
        #expect(information.st_mode & 0o777 == 0o700)
        #expect(access("\(place)/.pebble.socket", F_OK) != 0)
        #expect(try await pebble.call { try $0.changes(.all) }.isEmpty)
        #expect(await pebble.stop() == .exited(code: 0))
    }

    @Test func `arguments take the place of the default ones, and output is copied if asked for`() async throws {
        let directory = try TestDirectory()
        let pebble = try RunningProgram(
            directory,
            layer:
                "services: {web: {override: replace, startup: enabled, command: 'echo [ default ]', on-success: ignore}}",
            arguments: ["run", "--args", "web", "given", "two words", ";", "--verbose"]
        )
        try await eventually("the output is not there") { pebble.output.contains("[web] given two words\n") }
        let plan = try await pebble.call { try $0.planYAML() }
        #expect(plan.contains("command: echo [ given \"two words\" ]") || plan.contains("given"))
        #expect(await pebble.stop() == .exited(code: 0))
    }

    @Test func `a directory that is not there is an error, and the exit code says so`() async throws {
        let directory = try TestDirectory()
        let pebble = try RunningProgram(directory, environment: ["PEBBLE": directory.file("none")])
        #expect(await pebble.child.exit() == .exited(code: 1))
        #expect(pebble.errors.contains("cannot run daemon: directory \"\(directory.file("none"))\" does not exist"))
    }

    @Test func `with the number 1 it reaps what nobody else does, and ends when asked to`() async throws {
        let directory = try TestDirectory()
        // Without root, in a name space where one seems to be.
        let namespaces = geteuid() == 0 ? ["--pid"] : ["--user", "--map-root-user", "--pid"]
        let pebble = try RunningProgram(
            directory,
            layer: """
                services:
                  web:
                    override: replace
                    startup: enabled
                    command: sh -c "for i in 1 2 3; do (setsid sleep 0.1 &) ; done; exec sleep 1000"
                """,
            wrapper: ["unshare"] + namespaces + ["--fork", "--mount-proc", "--kill-child"]
        )
        try await pebble.waitUntilReady()
        #expect(try await run(pebble, "cat /proc/1/comm") == "pebble\n")
        // The three are nobody's children but the first process's, and are to be gone, not dead and there.
        let orphans = "grep -l '^Name:.sleep' /proc/[0-9]*/status | wc -l"
        try await eventually("orphans are left") { try await run(pebble, orphans) == "1\n" }
        let dead = "grep -l '^State:.Z' /proc/[0-9]*/status | wc -l"
        #expect(try await run(pebble, dead) == "0\n")
        let children = "/proc/\(pebble.child.pid.rawValue)/task/\(pebble.child.pid.rawValue)/children"
        let text = String(decoding: try FileBytes.read(children), as: UTF8.self)
        let first = try #require(text.split(separator: " ").first.flatMap { Int32($0) })
        #expect(first > 1)
        #expect(kill(first, SIGTERM) == 0)
        #expect(await pebble.child.exit() == .exited(code: 0))
    }

    private func run(_ pebble: RunningProgram, _ script: String) async throws -> String {
        let outcome = try await pebble.call { try $0.exec(ExecCall(["sh", "-c", script])) }
        return String(decoding: outcome.standardOutput, as: UTF8.self)
    }

    @Test func `a service manager hears that it is ready, alive and about to end`() async throws {
        let directory = try TestDirectory()
        let path = directory.file("notify")
        let descriptor = try bound(to: path)
        defer { close(descriptor) }
        let pebble = try RunningProgram(
            directory,
            layer: "services: {web: {override: replace, startup: enabled, command: 'sh -c \"env; sleep 1000\"'}}",
            environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"]
        )
        var messages: [String] = []
        func listen(_ comment: Comment, until isHeard: () -> Bool) async throws {
            try await eventually(comment) {
                var buffer = [UInt8](repeating: 0, count: 256)
                while case let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT)), count > 0 {
                    messages.append(String(decoding: buffer[..<count], as: UTF8.self))
                }
                return isHeard()
            }
        }
        try await listen("the manager did not hear of it") { messages.filter { $0 == "WATCHDOG=1" }.count >= 3 }
        #expect(messages.first == "READY=1")
        // None of that is for services.
        try await eventually("no output") { try await !pebble.call { try $0.logs(["web"]) }.isEmpty }
        let environment = try await pebble.call { try $0.logs(["web"], count: nil) }.map(\.message)
        #expect(!environment.contains { $0.hasPrefix("NOTIFY_SOCKET") || $0.hasPrefix("WATCHDOG") })
        pebble.child.send(.terminate)
        try await listen("the manager did not hear of the end") { messages.contains("STOPPING=1") }
        #expect(await pebble.child.exit() == .exited(code: 0))
    }

    @Test func `a manager that does not listen holds nobody up`() async throws {
        let directory = try TestDirectory()
        let path = directory.file("notify")
        let descriptor = try bound(to: path)
        defer { close(descriptor) }
        let pebble = try RunningProgram(
            directory,
            environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000"]
        )
        try await pebble.waitUntilReady()
        // Far more than the socket holds.
        try await Task.sleep(for: .milliseconds(200))
        #expect(try await pebble.call { try $0.changes(.all) }.isEmpty)
        #expect(await pebble.stop() == .exited(code: 0))
    }

    /// A socket for datagrams.
    private func bound(to path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isBound else { throw SystemError.last("bind \(path)") }
        return descriptor
    }

    /// The program with a socket of somebody else's, as a service manager starts it.
    private func socketActivated(
        _ directory: TestDirectory,
        _ path: String,
        layer: String? = nil
    ) throws -> RunningProgram {
        let script = """
            import os, socket, sys
            s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(16)
            if s.fileno() != 3: os.dup2(s.fileno(), 3)
            os.set_inheritable(3, True)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')
            os.execv(sys.argv[2], sys.argv[2:])
            """
        return try RunningProgram(
            directory,
            layer: layer,
            environment: ["PEBBLE_SOCKET": path],
            wrapper: ["python3", "-c", script, path]
        )
    }

    @Test func `without anything to do it ends with 42, for the manager to start it at the next client`() async throws {
        let directory = try TestDirectory()
        let path = directory.file("given")
        let layer = "services: {web: {override: replace, startup: enabled, command: sleep 1000}}"
        let pebble = try socketActivated(directory, path, layer: layer)
        try await pebble.waitUntilReady()
        // While a service runs, it stays: longer than the five seconds after which it looks.
        try await Task.sleep(for: .seconds(7))
        #expect(try await pebble.call { try $0.services() }.first?.current == .active)
        try await pebble.call { client in
            _ = try client.waitForChange(try client.begin(.stop, ["web"]), timeout: .seconds(30))
        }
        #expect(await pebble.child.exit() == .exited(code: 42))
        #expect(access(path, F_OK) == 0)
        #expect(pebble.errors.contains("daemon stop requested to wait for socket activation\n"))
    }

    @Test func `a socket handed over by a service manager is used, and left where it is`() async throws {
        let directory = try TestDirectory()
        let path = directory.file("given")
        let pebble = try socketActivated(directory, path)
        try await pebble.waitUntilReady()
        #expect(await pebble.stop() == .exited(code: 0))
        #expect(access(path, F_OK) == 0)
    }

    @Test func `who watches over security is told, in lines of JSON`() async throws {
        let directory = try TestDirectory()
        let pebble = try RunningProgram(directory, environment: ["PEBBLE_DEBUG": "1"])
        try await pebble.waitUntilReady()
        try await pebble.call { client in
            try client.changeIdentities(.add, ["bob": IdentityInfo(access: .read, local: .init(userID: 4242))])
            try client.changeIdentities(.update, ["bob": IdentityInfo(access: .admin, local: .init(userID: 4242))])
            try client.changeIdentities(.remove, ["bob": nil])
            try client.writeFile("\(directory.path)/file", Array("text".utf8))
            _ = try client.readFile("\(directory.path)/file")
            _ = try client.exec(ExecCall(["true"]))
        }
        #expect(await pebble.stop() == .exited(code: 0))
        let lines = pebble.errors.split(separator: "\n").filter {
            $0.contains(" [pebble] {\"type\":\"security\",\"datetime\":\"")
        }
        let user = geteuid()
        for event in [
            "sys_startup:\(user)", "user_created:\(user),bob,read", "user_updated:\(user),bob,admin",
            "authz_admin:\(user),push_file", "authz_admin:\(user),pull_file", "authz_admin:\(user),exec",
            "user_deleted:\(user),bob", "sys_shutdown:\(user)",
        ] {
            #expect(lines.contains { $0.contains("\"level\":\"WARN\",\"event\":\"\(event)\",\"description\":\"") })
        }
    }

    @Test func `changes, notices and identities outlive it, what runs and the layers of clients do not`() async throws {
        let directory = try TestDirectory()
        let layer = "services: {web: {override: replace, command: sleep 1000}}"
        let first = try RunningProgram(directory, layer: layer)
        try await first.waitUntilReady()
        let (change, notice) = try await first.call { client in
            let change = try client.begin(.start, ["web"])
            _ = try client.waitForChange(change, timeout: .seconds(20))
            try client.addLayer(label: "more", yaml: "services: {other: {override: replace, command: sleep 1}}")
            try client.changeIdentities(.add, ["bob": IdentityInfo(access: .read, local: .init(userID: 4242))])
            return (change, try client.addNotice(key: "example.com/x", data: ["a": "b"]))
        }
        #expect(await first.stop() == .exited(code: 0))
        let second = try RunningProgram(directory)
        try await second.waitUntilReady()
        #expect(try await second.call { try $0.change(change) }.status == .done)
        #expect(try await second.call { try $0.notice(notice) }.lastData == ["a": "b"])
        #expect(try await second.call { try $0.identities() }["bob"]?.access == .read)
        let services = try await second.call { try $0.services() }
        #expect(services.map(\.name) == ["web"])
        #expect(services.first?.current == .inactive)
        // Ids go on where they were.
        let next = try await second.call { try $0.begin(.start, ["web"]) }
        #expect(try #require(Int(next)) > #require(Int(change)))
        #expect(await second.stop() == .exited(code: 0))
    }
}
