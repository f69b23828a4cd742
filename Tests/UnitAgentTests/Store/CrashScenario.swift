// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import Testing

@testable import UnitAgent

/// A unit's first start with an operator's requests before it, the same statement by statement each time it is run.
struct CrashScenario: Sendable {
    /// The unit's directory.
    let path: String
    /// The hook-tool executable.
    let tool: String

    static let metadata = """
        name: tiny
        peers: {friends: {interface: tiny-peers}}
        requires: {db: {interface: tiny-db}}
        storage: {data: {type: filesystem}}
        """

    /// Hooks that between them use every tool that writes.
    static let hooks = [
        "hooks/install": """
        friends=$(relation-ids friends)
        relation-set -r $friends installed=yes
        relation-set -r $friends --app who=all
        state-set count=1 gone=soon
        state-delete gone
        open-port 8080/tcp
        status-set maintenance busy
        application-version-set 1.2.3
        """,
        "hooks/db-relation-changed": """
        [ -n "$JUJU_REMOTE_UNIT" ] || exit 0
        own=$(secret-add --label own --owner application token-key=one)
        secret-grant --relation $JUJU_RELATION_ID $own
        secret-set $own --description mine token-key=two
        relation-set seen=$(relation-get host) token=yes
        close-port 8080/tcp
        secret-get $(relation-get --app secret-user postgres) --label user > /dev/null
        """,
        "actions/greet": "state-set greeted=yes; action-log begun; action-set by=charm",
    ]

    /// The hooks and actions of the whole story, each once.
    static let events = [
        "data-storage-attached", "install", "friends-relation-created tiny", "db-relation-created postgres",
        "leader-elected", "greet", "config-changed", "start", "db-relation-changed postgres",
        "db-relation-joined postgres postgres/0", "db-relation-changed postgres postgres/0",
        "secret-remove 1",
    ]

    private var configuration: AgentConfiguration {
        var configuration = AgentConfiguration(
            agentDirectory: "\(path)/agent",
            charmDirectory: "\(path)/charm",
            toolsDirectory: "\(path)/tools",
            containersDirectory: "\(path)/containers",
            application: "tiny"
        )
        configuration.hookToolExecutable = tool
        configuration.modelUUID = "00000000-0000-4000-8000-000000000000"
        configuration.environment["TEST_DIR"] = path
        return configuration
    }

    /// Runs it to its end, or until the observer ends the process.
    func run(_ observer: @escaping StoreObserver) async throws {
        let time = Timestamp(seconds: 1_700_000_000)
        do {
            let core = try AgentCore(configuration: configuration, observer: observer) { time }
            try core.setConfig(["greeting": "good day"])
            _ = try core.integrate(
                "db",
                RemoteApplication(
                    name: "postgres",
                    databag: ["secret-user": .secret("user")],
                    units: [0: ["host": "a"]],
                    secrets: ["user": ["username": "me"]]
                )
            )
            if try core.store.read({ try $0.task(1) }) == nil { _ = try core.enqueue("greet", ["whom": "you"]) }
        }
        let agent = UnitAgent(configuration: configuration)
        let client = AgentControlClient(socketPath: configuration.controlSocketPath)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await agent.run(observer: observer, now: { time })
                } catch {
                    Issue.record("the agent failed: \(error)")
                    throw error
                }
            }
            defer { group.cancelAll() }
            try await eventually("the scenario ends") {
                guard let status = try? client.status() else { return false }
                return try status.unit.agent.status == "idle" && client.config().contains { $0.source == .user }
                    && client.relations().contains { $0.databags["tiny/0"]?["seen"] == "a" }
            }
        }
    }

    /// The whole model as text, without what chance has a part in.
    func dump() throws -> String {
        let store = try ModelStore(path: configuration.databasePath)
        let (tables, ids, check) = try store.read { model in
            let names = try model.connection.rows(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            ).map { $0.text(0) }
            var tables: [(String, [String])] = []
            for name in names {
                let rows = try model.connection.rows("SELECT * FROM \(name)").map { row in
                    row.values.map { "\($0)" }.joined(separator: " | ")
                }
                tables.append((name, rows))
            }
            let ids = try names.contains("secret") ? model.secrets().map { ($0.id, $0.label ?? $0.name ?? "?") } : []
            return (tables, ids, try model.connection.row("PRAGMA integrity_check")?.text(0))
        }
        let named = { (row: String) in
            var row = Self.without(#"\"contextID\":\""#, in: row).replacing(path, with: "DIR")
            for (id, name) in ids { row = row.replacing(id, with: "<\(name)>") }
            return row
        }
        let text = tables.map { name, rows in
            "\(name)\n" + rows.map(named).sorted().map { "  \($0)\n" }.joined()
        }.joined()
        return "integrity \(check ?? "?")\n\(text)"
    }

    /// A text without the value that follows `key`.
    private static func without(_ key: String, in text: String) -> String {
        guard let range = text.firstRange(of: key) else { return text }
        return String(text[..<range.upperBound] + text[range.upperBound...].drop { $0 != "\\" })
    }

    /// The dump of a unit that has lived through everything, without what an action did: one that was interrupted is
    /// not run again.
    func settled() throws -> String {
        let lines = try dump().split(separator: "\n")
        guard let task = lines.firstIndex(of: "task") else { return "" }
        return lines[..<task].filter { !$0.contains("greeted") }.joined(separator: "\n")
    }
}
