// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import PebbleAPI

@testable import UnitAgent

/// A dispatch without a charm: hook tools called one by one against a real store.
final class TestTools: Sendable {
    let directory: TemporaryDirectory
    let store: ModelStore
    let runner: HookToolRunner
    let relation: Int
    let secretURI: String
    private let event: HookEvent
    private let task: Int?

    static let time = Timestamp(seconds: 1_800_000_000)

    /// A unit related to `postgres`, in a hook or an action.
    init(event: HookEvent = .configChanged, task: Int? = nil) throws {
        directory = try TemporaryDirectory()
        store = try ModelStore(path: directory.path + "/model.sqlite")
        let charm = try CharmDescription(
            metadata: yamlValue(TestUnit.metadata + "\nstorage: {data: {type: filesystem, multiple: {range: 1-2}}}\n"),
            config: yamlValue(TestUnit.config),
            actions: yamlValue(TestUnit.actions),
            version: "1"
        )
        let unit = UnitIdentity(
            unit: UnitName(application: "tiny", number: 0),
            modelName: "local",
            modelUUID: "00000000-0000-4000-8000-000000000000",
            jujuVersion: "3.6.9",
            address: "10.0.0.9",
            charm: charm,
            storageDirectory: "/storage",
            resources: ["image": "/srv/image"]
        )
        let log = try DebugLog(path: directory.path + "/debug.log", unit: "tiny/0") { Self.time }
        runner = HookToolRunner(store: store, unit: unit, log: log, now: { Self.time }, changed: {})
        (relation, secretURI) = try store.write { model in
            let add = { (endpoint: String, remote: String, isPeer: Bool) in
                try model.addRelation(
                    endpoint: endpoint,
                    interface: "x",
                    remote: remote,
                    isPeer: isPeer,
                    unit: "tiny/0",
                    address: "10.0.0.9"
                )
            }
            _ = try add("friends", "tiny", true)
            let relation = try add("db", "postgres", false)
            try model.setDatabag(relation, of: "postgres", to: ["version": "15"])
            try model.setDatabag(relation, of: "postgres/0", to: ["host": "a"])
            try model.setPresent(true, unit: "postgres/0", relation: relation)
            try model.setJoined(unit: "postgres/0", version: 1, relation: relation)
            let id = SecretText.newID()
            try model.setSecret(
                SecretState(
                    id: id,
                    ownerKind: .remote,
                    owner: "postgres",
                    rotate: .never,
                    relation: relation,
                    name: "user"
                )
            )
            try model.addRevision(SecretRevision(revision: 1, content: ["password": "one"]), secret: id)
            try model.addGrant(SecretGrant(secret: id, relation: relation, target: "tiny"))
            return (relation, SecretText.uri(id))
        }
        (self.event, self.task) = (event, task)
        begin()
    }

    func begin() { runner.begin(HookContext(id: "ctx", event: event, task: task)) }

    /// Ends the dispatch and commits what it buffered.
    func commit() throws {
        let writes = runner.end()?.writes ?? []
        try store.write { model in
            for write in writes { try write.apply(to: model) }
        }
        begin()
    }

    /// Ends the dispatch as a failed hook does.
    func discard() {
        _ = runner.end()
        begin()
    }

    /// Calls a tool: its exit code, and what it printed where.
    func call(_ line: String, input: String? = nil) -> ToolReply {
        let words = line.split(separator: " ").map(String.init)
        return runner.perform(
            ToolRequest(
                contextID: "ctx",
                workingDirectory: directory.path,
                tool: words[0],
                arguments: Array(words.dropFirst()),
                standardInput: input.map { Array($0.utf8) }
            )
        )
    }

    /// What a call prints on success.
    func output(_ line: String, input: String? = nil) -> String {
        let reply = call(line, input: input)
        return reply.exitCode == 0 ? reply.output : "[\(reply.exitCode)] \(reply.errorOutput)"
    }
}
