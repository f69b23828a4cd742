// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import Testing

@testable import UnitAgent

@Suite struct CrashTests {
    /// A process that writes is killed after some microseconds; what it left must be one of the states it committed.
    @Test(arguments: [0, 300, 900, 2_000, 5_000, 9_000, 14_000, 20_000, 33_000, 50_000])
    func `killed at any instant, a store is as before or after a transaction`(microseconds: Int) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/model.sqlite"
        try Self.fill(ModelStore(path: path))
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = path as String, microseconds = microseconds as Int] in
            let store = try ModelStore(path: path)
            try startThread(named: "killer") {
                usleep(UInt32(microseconds))
                kill(getpid(), SIGKILL)
            }
            for round in 1... { try Self.change(store, round) }
        }
        let store = try ModelStore(path: path)
        let (texts, check) = try store.read { model in
            let texts = [
                try model.databag(1, of: "tiny/0")?["round"] ?? "", try model.databag(1, of: "tiny")?["round"] ?? "",
                try model.state()["round"] ?? "", try model.fact(.workloadVersion) ?? "",
                String(try model.revisions(ofSecret: "s").last?.revision ?? 0),
            ]
            return (texts, try model.connection.row("PRAGMA integrity_check")?.text(0))
        }
        #expect(check == "ok")
        #expect(Set(texts).count == 1, "\(texts)")
    }

    /// Round 0: what every later round must wholly replace.
    private static func fill(_ store: ModelStore) throws {
        try store.write { model in
            _ = try model.addRelation(
                endpoint: "friends",
                interface: "x",
                remote: "tiny",
                isPeer: true,
                unit: "tiny/0",
                address: "127.0.0.1"
            )
            try model.setSecret(SecretState(id: "s", ownerKind: .unit, owner: "tiny/0", rotate: .never))
        }
        try change(store, 0)
    }

    private static func change(_ store: ModelStore, _ round: Int) throws {
        try store.write { model in
            try ModelWrite.databag(relation: 1, entity: "tiny/0", changes: ["round": "\(round)"]).apply(to: model)
            try model.addRevision(SecretRevision(revision: round, content: ["key": "\(round)"]), secret: "s")
            try ModelWrite.state(key: "round", value: "\(round)").apply(to: model)
            try model.setFact(.workloadVersion, "\(round)")
            try ModelWrite.databag(relation: 1, entity: "tiny", changes: ["round": "\(round)"]).apply(to: model)
        }
    }

    /// The agent's whole process is killed at random instants of a first start; whatever is left, the next one ends well.
    @Test(arguments: [5_000, 20_000, 60_000, 110_000, 170_000, 240_000])
    func `an agent killed at any instant of a first start goes on where it was`(microseconds: Int) async throws {
        let unit = try TestUnit(hooks: [
            "hooks/install": "relation-set -r $(relation-ids friends) installed=yes; state-set count=1"
        ])
        let path = unit.directory.path
        let configuration = unit.configuration
        let tool = try #require(configuration.hookToolExecutable)
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = path as String, tool = tool as String, microseconds = microseconds as Int] in
            try startThread(named: "killer") {
                usleep(UInt32(microseconds))
                kill(getpid(), SIGKILL)
            }
            var configuration = AgentConfiguration(
                agentDirectory: "\(path)/agent",
                charmDirectory: "\(path)/charm",
                toolsDirectory: "\(path)/tools",
                containersDirectory: "\(path)/containers",
                application: "tiny"
            )
            configuration.hookToolExecutable = tool
            configuration.environment["TEST_DIR"] = path
            try await UnitAgent(configuration: configuration).run()
        }
        try await unit.run { client in
            try await eventually("it has started") {
                unit.events.last == "config-changed" || unit.events.last == "start"
            }
            try await unit.settle()
            #expect(try client.relations().first?.databags["tiny/0"]?["installed"] == "yes")
        }
        // Each hook ran, none before its turn; one that was interrupted ran again at once.
        var order: [String] = []
        for event in unit.events where order.last != event { order.append(event) }
        let expected = ["install", "friends-relation-created tiny", "leader-elected", "config-changed", "start"]
        #expect(order.filter { $0 != "config-changed" } == expected.filter { $0 != "config-changed" })
        #expect(order.contains("config-changed"))
    }
}
