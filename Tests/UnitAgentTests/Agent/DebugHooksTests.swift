// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import Synchronization
import Testing

@testable import UnitAgent

@Suite struct DebugHooksTests {
    /// An operator's session: each hook handed out is run by a shell with what the test wants typed.
    private final class Operator: Sendable {
        let hooks = Mutex<[DebugHook]>([])
        let hasBegun = Mutex(false)
        let outcome = Mutex<Result<Void, ControlFailure>?>(nil)

        init(_ client: AgentControlClient, _ names: [String], typing: String?) throws {
            try startThread(named: "operator") { [self] in
                let result = Result { () throws(ControlFailure) in
                    try client.debugHooks(names, begun: { hasBegun.withLock { $0 = true } }) { hook in
                        hooks.withLock { $0.append(hook) }
                        return typing.flatMap { Self.type($0, hook) }
                    }
                }
                outcome.withLock { $0 = result }
            }
        }

        private static func type(_ text: String, _ hook: DebugHook) -> Int32? {
            let request = SpawnRequest(
                executable: "/bin/sh",
                arguments: ["sh", "-c", text],
                environment: hook.environment,
                directory: hook.directory
            )
            guard let pid = try? ProcessSpawner.spawn(request) else { return nil }
            var status: Int32 = 0
            while waitpid(pid.rawValue, &status, 0) < 0, errno == EINTR {}
            return status & 0x7f == 0 ? status >> 8 & 0xff : 128
        }

        func began() async throws { try await eventually("the session is there") { hasBegun.withLock { $0 } } }
    }

    @Test func `a hook is run by hand with its environment, and committed`() async throws {
        let unit = try TestUnit()
        try await unit.run { client in
            try await unit.expectLast(["start"])
            let hand = try Operator(
                client,
                ["db-relation-changed"],
                typing: "relation-set -r $JUJU_RELATION_ID by=hand; status-set active \"$JUJU_REMOTE_UNIT\"; ./dispatch"
            )
            try await hand.began()
            #expect(throws: ControlFailure.self) { try client.debugHooks([]) { _ in 0 } }
            try client.integrate(endpoint: "db", with: RemoteApplication(name: "pg", units: [0: ["host": "a"]]))
            // ./dispatch by hand is the charm itself; the hooks nobody asked for went there by themselves.
            try await unit.expectLast([
                "db-relation-created pg", "db-relation-joined pg pg/0", "db-relation-changed pg pg/0",
            ])
            try await unit.settle()
            let relation = try client.relations().first { $0.relation.endpoint == "db" }
            #expect(relation?.databags["tiny/0"]?["by"] == "hand")
            #expect(try client.status().unit.workload.message == "pg/0")
            let hook = try #require(hand.hooks.withLock { $0.first })
            #expect(hook.name == "db-relation-changed")
            #expect(hook.environment["JUJU_HOOK_NAME"] == "db-relation-changed")
            #expect(hook.directory == unit.configuration.charmDirectory)
        }
    }

    @Test func `a hook that is ended with another code has failed, and is run again`() async throws {
        let unit = try TestUnit()
        try await unit.run { client in
            try await unit.expectLast(["start"])
            let hand = try Operator(
                client,
                ["config-changed"],
                typing: "relation-set -r $(relation-ids friends) n=$(cat $TEST_DIR/n); test -e $TEST_DIR/mended"
            )
            try await hand.began()
            try client.setConfig(["count": "9"])
            try await eventually("it fails") { try (client.status().failedHook?.attempts ?? 0) >= 2 }
            #expect(try client.relations().first?.databags["tiny/0"]?["n"] == nil)
            try unit.directory.write("1", to: "n")
            try unit.directory.write("", to: "mended")
            try await eventually("it succeeds") { try client.relations().first?.databags["tiny/0"]?["n"] == "1" }
        }
    }

    @Test func `a session that breaks off fails its hook, and the charm takes over`() async throws {
        let unit = try TestUnit()
        try await unit.run { client in
            try await unit.expectLast(["start"])
            let hand = try Operator(client, ["config-changed", "greet"], typing: nil)
            try await hand.began()
            try client.setConfig(["count": "9"])
            try await unit.expectLast(["start", "config-changed"])
            #expect(hand.hooks.withLock { $0.map(\.name) } == ["config-changed"])
            #expect(unit.log.contains("the debug session broke off"))
            let next = try Operator(client, ["greet"], typing: "action-set by=hand")
            try await next.began()
            let result = try await unit.run(action: "greet", parameters: ["whom": "you"]).result
            #expect(result.results["by"] == "hand")
        }
    }

    @Test func `a hook the charm does not have is refused`() async throws {
        let unit = try TestUnit()
        try await unit.run { client in
            let failure = #expect(throws: ControlFailure.self) { try client.debugHooks(["nope"]) { _ in 0 } }
            #expect(failure?.code == .notFound)
        }
    }
}
