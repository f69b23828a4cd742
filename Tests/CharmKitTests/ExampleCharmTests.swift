// SPDX-License-Identifier: Apache-2.0

import CharmKit
import CharmTesting
import FoundationEssentials
import Glibc
import LinuxSupport
import Testing

/// The example as a process, as an agent would start it; the agent is the test kit's.
@Suite struct ExampleCharmTests {
    private var world: World {
        var world = World(
            unit: UnitName(application: "hello", number: 0),
            config: ["greeting": "hello", "port": 8080],
            isLeader: true
        )
        world.relations = [RelationState(peer: "friends", id: 1, application: "hello")]
        world.actionParameters = ["name": "Ada"]
        return world
    }

    private func dispatch(_ event: HookEvent, native: Bool, in world: World) async throws -> (World, CommandResult, Int)
    {
        let directory = try ToolsDirectory()
        let server = try FakeAgentServer(
            world: world,
            event: event,
            path: directory.socket,
            charmDirectory: try CharmSource.directory
        )
        let variables = server.variables(path: "\(directory.path):/usr/bin:/bin", native: native)
        let command = Command("\(productsDirectory)/hello-charm", environment: variables, directory: "/")
        let result = try await CommandRunner(reaper: ProcessReaper()).run(command)
        let calls = server.calls.count
        return (server.end(exitCode: result.isSuccess ? 0 : 1), result, calls)
    }

    @Test(arguments: [true, false])
    func `a real charm talks to its agent, by socket and by executables`(native: Bool) async throws {
        let (after, result, calls) = try await dispatch(.configChanged, native: native, in: world)
        #expect(result.isSuccess, "\(result.errorText)")
        #expect(result.outputText == "reconciling after config-changed\n")
        #expect(after.unitStatus == .waiting("for the web container"))
        #expect(after.openedPorts == [PortRange(8080)])
        let id = try #require(after[relation: "friends"]?.ownApplicationData["key-id"])
        #expect(after.secret(id)?.label == "shared-key")
        // The second time there is nothing left to do but say so.
        let (again, _, fewer) = try await dispatch(.updateStatus, native: native, in: after)
        #expect(again.secrets == after.secrets)
        #expect(fewer < calls)
    }

    @Test(arguments: [true, false])
    func `a real action answers`(native: Bool) async throws {
        let event = HookEvent.action(ActionEvent(name: "greet", id: "3"))
        let (after, result, _) = try await dispatch(event, native: native, in: world)
        #expect(result.isSuccess, "\(result.errorText)")
        #expect(result.outputText.isEmpty)
        #expect(after.storedState == ["greetings": "1"])
    }

    @Test func `a bad option blocks and a hook from the future ends well`() async throws {
        var world = world
        let (future, _, _) = try await dispatch(.unknown(hook: "comet-seen"), native: true, in: world)
        #expect(future.unitStatus == .waiting("for the web container"))
        world.config["port"] = 0
        let (bad, result, _) = try await dispatch(.configChanged, native: true, in: world)
        #expect(result.isSuccess)
        #expect(bad.unitStatus == .blocked("invalid config: option port must be from 1 to 65535"))
    }

    @Test func `outside a dispatch it says what is missing`() async throws {
        let command = Command("\(productsDirectory)/hello-charm", environment: ["PATH": "/usr/bin:/bin"])
        let result = try await CommandRunner(reaper: ProcessReaper()).run(command)
        #expect(!result.isSuccess)
        #expect(result.errorText.contains("JUJU_UNIT_NAME is not set"))
    }

    @Test(arguments: ["hello-charm", "indico-charm"])
    func `a charm starts with FoundationEssentials at most`(program: String) async throws {
        // One symbol of whole Foundation would load 40 MB of tables at every event. With this variable the dynamic
        // linker lists what it would load instead of starting the program.
        let variables = ["PATH": "/usr/bin:/bin", "LD_TRACE_LOADED_OBJECTS": "1"]
        let command = Command("\(productsDirectory)/\(program)", environment: variables)
        let loaded = try await CommandRunner(reaper: ProcessReaper()).run(command).outputText
        #expect(loaded.contains("libc.so"))
        for library in ["libFoundation.so", "ICU", "libcurl", "libNIO"] { #expect(!loaded.contains(library)) }
    }

    @Test func `without its agent a hook fails and says so`() async throws {
        let directory = try ToolsDirectory()
        let server = try FakeAgentServer(world: world, event: .start, path: directory.socket)
        let variables = server.variables(path: "/usr/bin:/bin", native: true)
        _ = server.end(exitCode: 0)
        let command = Command("\(productsDirectory)/hello-charm", environment: variables)
        let result = try await CommandRunner(reaper: ProcessReaper()).run(command)
        #expect(result.exit.isSuccess == false)
        #expect(result.errorText.contains("cannot reach the unit agent"))
    }
}

/// The example's files as they lie in the package.
enum CharmSource {
    static var directory: String {
        get throws {
            let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
            let path = root + "/Examples/hello-charm/charm"
            try #require(access("\(path)/metadata.yaml", R_OK) == 0)
            return path
        }
    }

    /// One of the files; its owner may be another than the tests'.
    static func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(try directory)/\(name)", encoding: .utf8)
    }
}
