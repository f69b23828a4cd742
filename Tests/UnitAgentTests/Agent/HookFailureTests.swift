// SPDX-License-Identifier: Apache-2.0
import Glibc
import HookProtocol
import LinuxSupport
import Testing

@testable import UnitAgent

@Suite struct HookFailureTests {
    private static let failing = "[ -e $TEST_DIR/mended ] || { relation-set -r $(relation-ids friends) a=1; exit 3; }"

    @Test func `a failed hook leaves nothing behind but its status and is tried again`() async throws {
        let unit = try TestUnit(hooks: ["hooks/config-changed": "status-set waiting patience\n" + Self.failing])
        try await unit.run { client in
            try await eventually("it fails twice") { try (client.status().failedHook?.attempts ?? 0) >= 2 }
            let status = try client.status()
            #expect(status.unit.workload.status == "error")
            #expect(status.unit.workload.message == "hook failed: \"config-changed\"")
            let databag = try client.relations().first?.databags["tiny/0"]
            #expect(databag?["ingress-address"] == "127.0.0.1")
            #expect(databag?["a"] == nil)
            try unit.directory.write("", to: "mended")
            try await unit.expectLast(["config-changed", "start"])
            try await unit.settle()
            #expect(try client.status().unit.workload.status == "waiting")
            #expect(try client.status().failedHook == nil)
        }
    }

    @Test func `an operator can have a failed hook taken as done`() async throws {
        let unit = try TestUnit(hooks: ["hooks/config-changed": "exit 1"])
        try await unit.run(changing: { $0.firstRetryDelay = .seconds(600) }) { client in
            try await eventually("it fails") { try client.status().failedHook != nil }
            try client.resolved(retry: true)
            try await eventually("it fails again") { try client.status().failedHook?.attempts == 2 }
            try client.resolved(retry: false)
            try await unit.expectLast(["config-changed", "config-changed", "start"])
            #expect(throws: ControlFailure.self) { try client.resolved() }
        }
    }

    @Test func `a hook that is not to be retried waits for the operator`() async throws {
        let unit = try TestUnit(hooks: ["hooks/config-changed": "exit 1"])
        let change = { (configuration: inout AgentConfiguration) in
            configuration.retriesHooks = false
            configuration.firstRetryDelay = .milliseconds(1)
        }
        try await unit.run(changing: change) { client in
            try await eventually("it fails") { try client.status().failedHook != nil }
            // Each action has the loop look again at what is due.
            for _ in 0..<3 { _ = try await unit.run(action: "greet", parameters: ["whom": "you"]) }
            #expect(try client.status().failedHook?.attempts == 1)
            try client.resolved()
            try await eventually("it fails again") { try client.status().failedHook?.attempts == 2 }
        }
    }

    @Test func `an action runs while a hook is in error`() async throws {
        let unit = try TestUnit(hooks: ["hooks/config-changed": "exit 1"])
        try await unit.run(changing: { $0.firstRetryDelay = .seconds(600) }) { client in
            try await eventually("it fails") { try client.status().failedHook != nil }
            let result = try await unit.run(action: "greet", parameters: ["whom": "you"]).result
            #expect(result.status == "completed")
            #expect(try client.status().failedHook?.hook == "config-changed")
        }
    }

    @Test func `a charm killed in a hook is a failed hook`() async throws {
        let unit = try TestUnit(hooks: [
            "hooks/install": "[ -e $TEST_DIR/once ] || { touch $TEST_DIR/once; kill -9 $$; }"
        ])
        try await unit.run { _ in
            try await unit.expectLast(["start"])
            #expect(unit.events.prefix(2) == ["install", "install"])
        }
    }

    @Test func `an agent that died in a hook runs the same hook again, and what was left of it is killed first`()
        async throws
    {
        let unit = try TestUnit(hooks: ["hooks/db-relation-changed": "echo $JUJU_REMOTE_UNIT >> $TEST_DIR/units"])
        try await unit.run { client in
            try client.integrate(endpoint: "db", with: RemoteApplication(name: "postgres"))
            try await unit.expectLast(["db-relation-changed postgres postgres/0"])
            try await unit.settle()
        }
        // What a dead agent leaves: the hook noted as begun, and its process.
        let store = try ModelStore(path: unit.configuration.databasePath)
        let event = HookEvent.relationChanged(
            RelationEvent(
                id: RelationID(endpoint: "db", number: try #require(store.read { try $0.relations() }.last).number),
                remoteApplication: "postgres",
                remoteUnit: UnitName(application: "postgres", number: 0)
            )
        )
        let contextID = "tiny/0-\(SecretText.newID())"
        try store.write { try $0.setHookRecord(HookRecord(event: event, contextID: contextID)) }
        let reaper = try ProcessReaper()
        let leftover = try reaper.spawn(
            SpawnRequest(
                executable: "/bin/sleep",
                arguments: ["sleep", "600"],
                environment: ["JUJU_CONTEXT_ID": contextID]
            )
        )
        try await unit.run { _ in
            try await unit.expectLast([
                "db-relation-changed postgres postgres/0", "db-relation-changed postgres postgres/0", "config-changed",
            ])
        }
        #expect(await leftover.exit() == .signalled(number: SIGKILL))
        withExtendedLifetime(reaper) {}
        #expect(unit.directory.read("units") == "postgres/0\npostgres/0\n")
    }

    @Test func `an agent that stops kills the running hook, and the next one runs it again`() async throws {
        let script = "[ -e $TEST_DIR/quick ] || { touch $TEST_DIR/begun; exec sleep 600; }"
        let unit = try TestUnit(hooks: ["hooks/install": script])
        try await unit.run { _ in
            try await eventually("the hook runs") { !unit.directory.read("events").isEmpty }
        }
        try unit.directory.write("", to: "quick")
        try await unit.run { _ in try await unit.expectLast(["start"]) }
        #expect(unit.events.prefix(3) == ["install", "install", "friends-relation-created tiny"])
    }

    @Test func `an agent in another process on the same files is refused`() async throws {
        let unit = try TestUnit()
        let (path, tool) = (unit.directory.path, try TestUnit.product("hook-tool"))
        try await unit.run { client in
            await #expect(processExitsWith: .failure) { [path = path as String, tool = tool as String] in
                var configuration = AgentConfiguration(
                    agentDirectory: "\(path)/agent",
                    charmDirectory: "\(path)/charm",
                    toolsDirectory: "\(path)/tools",
                    containersDirectory: "\(path)/containers",
                    application: "tiny"
                )
                configuration.hookToolExecutable = tool
                try await UnitAgent(configuration: configuration).run()
            }
            try await unit.expectLast(["start"])
            #expect(unit.events.count == 5)
        }
    }

    @Test func `a second agent on the same files is refused`() async throws {
        let unit = try TestUnit()
        try await unit.run { client in
            await #expect(throws: CharmError.self) { try await UnitAgent(configuration: unit.configuration).run() }
            #expect(client.isReachable)
        }
    }
}
