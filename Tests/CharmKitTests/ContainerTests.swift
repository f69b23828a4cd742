// SPDX-License-Identifier: Apache-2.0

import CharmKit
import FoundationEssentials
import Glibc
import LinuxSupport
import Testing

@testable import CharmTesting

/// One contract for the Pebble in a test's memory and the real one, so that the one cannot drift from the other.
@Suite struct ContainerTests {
    enum Backing: CaseIterable {
        case inMemory
        case real
    }

    /// Runs a body with a container and a directory of its own in it.
    private func withContainer(_ backing: Backing, _ body: (Container, _ root: String) throws -> Void) async throws {
        var template = Array("/tmp/charmkit-container-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Only ever what was made here.
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createDirectory(atPath: "\(directory)/root", withIntermediateDirectories: true)
        switch backing {
        case .inMemory:
            var state = ContainerState.fresh
            state.files["\(directory)/root"] = .directory()
            state.failingServices = ["broken"]
            state.execute = Self.execute
            let connection = FakePebbleConnection(container: "web", pebble: FakePebble(state: state))
            try body(Container(name: "web", connection: connection), "\(directory)/root")
        case .real:
            let reaper = try ProcessReaper()
            let pebble = try reaper.spawn(Self.daemon(directory))
            let socket = "\(directory)/pebble.socket"
            let container = Container(
                name: "web",
                connection: SocketPebbleConnection(container: "web", socket: socket)
            )
            let deadline = ContinuousClock.now + .seconds(90)
            while !container.canConnect() {
                try #require(ContinuousClock.now < deadline, "pebble does not answer")
                try await Task.sleep(for: .milliseconds(10))
            }
            let result = Result { try body(container, "\(directory)/root") }
            pebble.send(.terminate)
            _ = await pebble.exit()
            try result.get()
        }
    }

    private static func daemon(_ directory: String) -> SpawnRequest {
        SpawnRequest(
            executable: "\(productsDirectory)/pebble",
            arguments: ["pebble", "run", "--create-dirs", "--hold"],
            environment: [
                "PATH": "/usr/bin:/bin", "PEBBLE": "\(directory)/pebble", "PEBBLE_SOCKET": "\(directory)/pebble.socket",
            ]
        )
    }

    @Sendable private static func execute(_ command: ExecCommand) -> ExecResult? {
        switch command.words.first {
        case "cat": ExecResult(standardOutput: command.input)
        case "sh": ExecResult(exitCode: 3, output: "out\n", errorOutput: "err\n")
        default: nil
        }
    }

    private func failure(_ body: () throws -> Void) -> ContainerError.Kind? {
        do {
            try body()
            return nil
        } catch {
            return (error as? ContainerError)?.kind
        }
    }

    private func layer(_ label: String, _ names: String..., enabled: Bool = true) -> Layer {
        var layer = Layer(label: label)
        for name in names {
            var service = Service(name: name, override: .replace, command: "sleep 100000")
            service.startup = enabled ? .enabled : .disabled
            layer.services[name] = service
        }
        return layer
    }

    @Test(arguments: Backing.allCases)
    func `layers are added, laid over each other and refused`(backing: Backing) async throws {
        try await withContainer(backing) { container, _ in
            #expect(try container.plan() == Plan())
            try container.addLayer(layer("one", "web"))
            #expect(failure { try container.addLayer(layer("one", "other"), combine: false) } == .invalidPlan)
            var over = Layer(label: "one")
            var service = Service(name: "web", override: .merge)
            service.environment["A"] = "1"
            over.services["web"] = service
            try container.addLayer(over)
            let merged = try container.plan().services["web"]
            #expect(merged?.command == "sleep 100000")
            #expect(merged?.environment == ["A": "1"])
            var bad = Layer(label: "bad")
            bad.services["nameless"] = Service(name: "nameless", override: .replace)
            #expect(failure { try container.addLayer(bad) } == .invalidPlan)
            #expect(try container.plan().services.keys.sorted() == ["web"])
        }
    }

    @Test(arguments: Backing.allCases)
    func `services start, stop and replan by their configuration`(backing: Backing) async throws {
        try await withContainer(backing) { container, _ in
            try container.addLayer(layer("one", "web", "worker"))
            try container.addLayer(layer("two", "extra", enabled: false))
            #expect(
                try container.services().mapValues(\.current.rawValue) == [
                    "extra": "inactive", "web": "inactive", "worker": "inactive",
                ]
            )
            try container.replan()
            #expect(
                try container.services(["web", "extra", "none"]).mapValues(\.isRunning) == [
                    "web": true, "extra": false,
                ]
            )
            try container.start(["extra"])
            #expect(try container.services()["extra"]?.isRunning == true)
            try container.stop(["web", "extra"])
            #expect(try container.services().filter(\.value.isRunning).keys.sorted() == ["worker"])
            try container.restart(["web", "worker"])
            #expect(try container.services().filter(\.value.isRunning).keys.sorted() == ["web", "worker"])
            #expect(failure { try container.start(["none"]) } == failure { try container.stop(["none"]) })
            #expect(failure { try container.start(["none"]) } != nil)
            try container.start([])
        }
    }

    @Test(arguments: Backing.allCases)
    func `a service that ends at once fails the change, and the others run`(backing: Backing) async throws {
        try await withContainer(backing) { container, _ in
            var layer = layer("one", "web", "broken")
            layer.services["broken"]?.command = "false"
            try container.addLayer(layer)
            #expect(failure { try container.replan() } == .changeFailed)
            #expect(try container.services()["web"]?.isRunning == true)
            #expect(try container.services()["broken"]?.isRunning == false)
        }
    }

    @Test(arguments: Backing.allCases)
    func `signals reach services that run, only`(backing: Backing) async throws {
        try await withContainer(backing) { container, _ in
            try container.addLayer(layer("one", "web"))
            #expect(failure { try container.signal("SIGHUP", ["web"]) } == .refused)
            try container.replan()
            try container.signal("SIGCONT", ["web"])
            #expect(try container.services()["web"]?.isRunning == true)
        }
    }

    @Test(arguments: Backing.allCases)
    func `checks are read, stopped and started`(backing: Backing) async throws {
        try await withContainer(backing) { container, _ in
            var layer = Layer(label: "checks")
            for (name, level) in [("up", CheckLevel.ready), ("alive", .alive)] {
                var check = Check(name: name, override: .replace)
                check.level = level
                check.threshold = 5
                check.exec = ExecCheck(command: "true")
                layer.checks[name] = check
            }
            try container.addLayer(layer)
            #expect(try container.checks().mapValues(\.status) == ["up": .up, "alive": .up])
            #expect(try container.checks(level: .alive).keys.sorted() == ["alive"])
            #expect(try container.checks(["up"])["up"]?.threshold == 5)
            #expect(try container.stopChecks(["up"]) == ["up"])
            #expect(try container.stopChecks(["up"]).isEmpty)
            #expect(try container.checks()["up"]?.status == .inactive)
            #expect(try container.startChecks(["up", "alive"]) == ["up"])
            #expect(try container.checks()["up"]?.status == .up)
        }
    }

    @Test(arguments: Backing.allCases)
    func `files are written, read, listed and removed`(backing: Backing) async throws {
        try await withContainer(backing) { container, root in
            #expect(try container.pullIfPresent("\(root)/a") == nil)
            #expect(failure { _ = try container.pull("\(root)/a") } == .notFound)
            try container.push("text", to: "\(root)/a", options: FileOptions(permissions: 0o600))
            #expect(try container.pullText("\(root)/a") == "text")
            #expect(try container.fileInfo("\(root)/a")?.permissions == "600")
            #expect(try container.fileInfo("\(root)/a")?.type == .file)
            #expect(try container.fileInfo("\(root)/none") == nil)
            #expect(try !container.pushIfChanged(Array("text".utf8), to: "\(root)/a"))
            #expect(try container.pushIfChanged(Array("other".utf8), to: "\(root)/a"))
            #expect(failure { try container.push("x", to: "\(root)/no/such/dir") } == .notFound)
            try container.push([0, 255, 10], to: "\(root)/b/c/d", options: FileOptions(makeParents: true))
            #expect(try container.pull("\(root)/b/c/d") == [0, 255, 10])
            #expect(try container.listFiles(root).map(\.name) == ["a", "b"])
            #expect(try container.listFiles(root, pattern: "a*").map(\.name) == ["a"])
            #expect(try container.fileInfo("\(root)/b")?.type == .directory)
            #expect(failure { _ = try container.listFiles("\(root)/none") } == .notFound)
        }
    }

    @Test(arguments: Backing.allCases)
    func `directories are made and removed`(backing: Backing) async throws {
        try await withContainer(backing) { container, root in
            try container.makeDirectory("\(root)/x/y")
            try container.makeDirectory("\(root)/x/y")
            #expect(failure { try container.makeDirectory("\(root)/x", options: FileOptions()) } == .refused)
            #expect(failure { try container.makeDirectory("\(root)/p/q", options: FileOptions()) } == .notFound)
            #expect(failure { try container.removePath("\(root)/x") } == .refused)
            try container.removePath("\(root)/x", recursive: true)
            try container.removePath("\(root)/x", recursive: true)
            #expect(failure { try container.removePath("\(root)/x") } == .notFound)
            #expect(try container.fileInfo("\(root)/x") == nil)
            #expect(failure { try container.push("x", to: "relative") } == .refused)
        }
    }

    @Test(arguments: Backing.allCases)
    func `commands read their input and give code and both outputs`(backing: Backing) async throws {
        try await withContainer(backing) { container, _ in
            // Without a directory Pebble takes the user's home, which not every user has.
            let secret = Array("s3cr3t\n".utf8)
            #expect(
                try container.execute(ExecCommand(["cat"], workingDirectory: "/", input: secret)).standardOutput
                    == secret
            )
            let script = ["sh", "-c", "echo out; echo err >&2; exit 3"]
            let failed = try container.execute(ExecCommand(script, workingDirectory: "/"))
            #expect(failed == ExecResult(exitCode: 3, output: "out\n", errorOutput: "err\n"))
            #expect(!failed.succeeded)
            #expect(
                failure { _ = try container.execute(ExecCommand(["no-such-command"], workingDirectory: "/")) }
                    == .refused
            )
        }
    }

    @Test(arguments: Backing.allCases)
    func `notices are recorded and read`(backing: Backing) async throws {
        try await withContainer(backing) { container, _ in
            let id = try container.notify(key: "example.com/done", data: ["a": "b"])
            let notices = try container.notices(types: [.custom], keys: ["example.com/done"])
            #expect(notices.map(\.id) == [id])
            #expect(notices.first?.lastData == ["a": "b"])
            #expect(try container.notices(keys: ["example.com/other"]).isEmpty)
        }
    }

    @Test func `a container whose pebble does not answer says so, every time the same way`() {
        let real = SocketPebbleConnection(container: "web", socket: "/nonexistent/pebble.socket")
        let fake = FakePebbleConnection(container: "web", pebble: FakePebble(state: .notReachable))
        for connection in [real, fake] as [any PebbleConnection] {
            let container = Container(name: "web", connection: connection)
            #expect(!container.canConnect())
            #expect(failure { _ = try container.plan() } == .notReachable)
            #expect(failure { _ = try container.pullIfPresent("/a") } == .notReachable)
            #expect(failure { _ = try container.execute(ExecCommand(["true"])) } == .notReachable)
        }
    }

    @Test func `a command that takes too long is ended`() async throws {
        try await withContainer(.real) { container, _ in
            let command = ExecCommand(["sleep", "100000"], workingDirectory: "/", timeout: .milliseconds(200))
            #expect(failure { _ = try container.execute(command) } == .timedOut)
        }
    }
}
