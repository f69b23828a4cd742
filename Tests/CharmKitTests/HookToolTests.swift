// SPDX-License-Identifier: Apache-2.0

import CharmKit
import CharmTesting
import Glibc
import Testing

@Suite struct HookToolTests {
    private var world: World {
        var world = World(config: ["name": "Grüße"], isLeader: true)
        world.relations = [
            RelationState("database", id: 7, remoteApplication: "pg", remoteApplicationData: ["endpoints": "db:5432"])
        ]
        world.storedState = ["seen": "1"]
        return world
    }

    /// A charm that uses a good part of the tools.
    private static func work(_ event: Event, _ model: Model) throws {
        let relation = try model.relation("database")
        let big = String(repeating: "x", count: 300_000)
        try relation?.set(["name": try model.config().string("name"), "big": big], in: .ownApplication)
        try relation?.set(["endpoint": try relation?.data(.remoteApplication)["endpoints"] ?? ""], in: .ownUnit)
        let secret = try model.addSecret(["password": "s3cr3t"], label: "pw")
        if let relation { try secret.grant(to: relation) }
        try model.state.set("2", for: "seen")
        model.setPorts([PortRange(8080)])
        model.setWorkloadVersion("1.2.3")
        model.log.info("worked")
        model.setUnitStatus(.active("done"))
    }

    private static func charm(_ body: @escaping EventHandler) -> TestCharm {
        TestCharm { $0.on(.configChanged, body) }
    }

    private func dispatch(_ server: FakeAgentServer, _ tools: any HookTools, native: Bool) throws -> (any Error)? {
        let environment = try HookEnvironment(variables: server.variables(path: "", native: native))
        return Dispatch(
            environment: environment,
            tools: tools,
            metadata: { CharmMetadata(requires: ["database"]) },
            connect: { SocketPebbleConnection(container: $0, socket: environment.pebbleSocket(container: $0)) },
            writeOutput: { _ in }
        ).run { _ in Self.charm(Self.work) }
    }

    private func expectSame(_ left: World, _ right: World) {
        #expect(left.relations == right.relations)
        #expect(left.secrets == right.secrets)
        #expect(left.storedState == right.storedState)
        #expect(left.openedPorts == right.openedPorts)
        #expect(left.workloadVersion == right.workloadVersion)
        #expect(left.unitStatus == right.unitStatus)
    }

    @Test func `real executables over a real socket do what the test kit does in memory`() throws {
        let directory = try ToolsDirectory()
        let inMemory = try CharmTest { _ in Self.charm(Self.work) }.run(.configChanged, in: world)
        #expect(inMemory.error == nil)
        let server = try FakeAgentServer(world: world, event: .configChanged, path: directory.socket)
        let tools = ProcessHookTools(variables: server.variables(path: directory.path, native: false))
        #expect(try dispatch(server, tools, native: false) == nil)
        #expect(server.calls.map(\.tool) == inMemory.toolCalls.map(\.tool))
        expectSame(server.end(exitCode: 0), inMemory.world)
    }

    @Test func `the socket spoken to directly does the same without a process`() throws {
        let directory = try ToolsDirectory()
        let inMemory = try CharmTest { _ in Self.charm(Self.work) }.run(.configChanged, in: world)
        let server = try FakeAgentServer(world: world, event: .configChanged, path: directory.socket)
        let environment = try HookEnvironment(variables: server.variables(path: "", native: true))
        let address = AgentAddress(path: server.path, contextID: environment.contextID)
        #expect(try dispatch(server, SocketHookTools(address: address, workingDirectory: "/"), native: true) == nil)
        #expect(server.calls.map(\.tool) == inMemory.toolCalls.map(\.tool))
        expectSame(server.end(exitCode: 0), inMemory.world)
    }

    @Test func `a tool's failure comes through with its code and text`() throws {
        let directory = try ToolsDirectory()
        let server = try FakeAgentServer(world: world, event: .configChanged, path: directory.socket)
        let tools = ProcessHookTools(variables: server.variables(path: directory.path, native: false))
        let reply = try tools.run(.relationGet, ["--format=json", "-r", "database:99", "-", "pg/0"], input: nil)
        #expect(reply.exitCode == 2)
        #expect(reply.errorOutput == "ERROR invalid value \"database:99\" for option -r: relation not found\n")
        #expect(reply.output.isEmpty)
        _ = server.end(exitCode: 0)
    }

    @Test func `a dispatch that is over refuses its tools`() throws {
        let directory = try ToolsDirectory()
        let server = try FakeAgentServer(world: world, event: .configChanged, path: directory.socket)
        var variables = server.variables(path: directory.path, native: false)
        variables["JUJU_CONTEXT_ID"] = "an-older-dispatch"
        let reply = try ProcessHookTools(variables: variables).run(.isLeader, [], input: nil)
        #expect(reply.exitCode == 1)
        #expect(reply.errorOutput.hasPrefix("ERROR bad request: expected context id"))
        _ = server.end(exitCode: 0)
    }

    @Test func `without an agent a tool fails clearly, at once`() throws {
        let directory = try ToolsDirectory()
        let nobody = ["PATH": directory.path, "JUJU_AGENT_SOCKET_ADDRESS": directory.socket, "JUJU_CONTEXT_ID": "c"]
        let unreachable = try ProcessHookTools(variables: nobody).run(.configGet, [], input: nil)
        #expect(unreachable.exitCode == 1)
        #expect(unreachable.errorOutput.contains("cannot reach the unit agent at \(directory.socket)"))
        let outside = try ProcessHookTools(variables: ["PATH": directory.path]).run(.configGet, [], input: nil)
        #expect(outside.exitCode == 1)
        #expect(outside.errorOutput.contains("JUJU_AGENT_SOCKET_ADDRESS is not set"))
    }

    @Test func `tools that are not there are an error of their own kind`() throws {
        let error = #expect(throws: HookToolError.self) {
            try ProcessHookTools(variables: ["PATH": "/nonexistent"]).run(.configGet, [], input: nil)
        }
        #expect(error?.kind == .unavailable)
    }

    @Test func `a tool that prints much and reads nothing does not block`() async throws {
        var template = Array("/tmp/hook-tool-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let script =
            "#!/bin/sh\nhead -c 1000000 /dev/zero | tr '\\0' x\nhead -c 500000 /dev/zero | tr '\\0' y >&2\nexit 3\n"
        try await writeScript(script, to: "\(directory)/state-set")
        defer {
            unlink("\(directory)/state-set")
            rmdir(directory)
        }
        let input = [UInt8](repeating: 0, count: 1_000_000)
        let reply = try ProcessHookTools(variables: ["PATH": "\(directory):/usr/bin:/bin"])
            .run(.stateSet, ["--file", "-"], input: input)
        #expect(reply.exitCode == 3)
        #expect(reply.standardOutput.count == 1_000_000)
        #expect(reply.standardError.count == 500_000)
    }

    @Test func `hook-tool starts without Foundation`() throws {
        // A hook makes dozens of calls; what a tool loads, every one of them pays for. With this variable the dynamic
        // linker lists what it would load instead of starting the program.
        let directory = try ToolsDirectory()
        let variables = ["PATH": directory.path, "LD_TRACE_LOADED_OBJECTS": "1"]
        let loaded = try ProcessHookTools(variables: variables).run(.configGet, [], input: nil).output
        #expect(loaded.contains("libc.so"))
        #expect(!loaded.contains("Foundation"))
    }
}
