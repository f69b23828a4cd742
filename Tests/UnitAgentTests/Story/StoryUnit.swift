// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import Synchronization
import Testing

@testable import UnitAgent

/// A unit whose charm tells the story, with a Pebble for its container and a clock that can be put forward.
final class StoryUnit: Sendable {
    /// In which language the charm is written.
    enum Teller: Sendable, Equatable, CustomStringConvertible {
        case ops(storesInJuju: Bool)
        case charmKit

        var description: String {
            switch self {
            case .ops(storesInJuju: false): "ops"
            case .ops(storesInJuju: true): "ops, stored in the controller"
            case .charmKit: "CharmKit"
            }
        }
    }

    let teller: Teller
    let unit: TestUnit
    let store: ModelStore
    private let reaper: ProcessReaper
    private let advance = Mutex(Duration.zero)

    static let fixture = TestUnit.fixtures + "/story"

    init(_ teller: Teller) throws {
        self.teller = teller
        let read = { (name: String) in
            String(decoding: try FileBytes.read("\(Self.fixture)/\(name)"), as: UTF8.self)
        }
        unit = try TestUnit(metadata: read("metadata.yaml"))
        reaper = try ProcessReaper()
        try Self.fill("charm", of: unit, teller, version: "1.0")
        try unit.directory.write("good morning\n", to: "motd")
        try unit.directory.write("", to: "workload/here")
        try unit.directory.write("", to: "containers/web/here")
        try makeDirectory("\(unit.directory.path)/agent")
        store = try ModelStore(path: unit.configuration.databasePath)
    }

    /// Writes the charm into a folder of the unit's directory.
    static func fill(_ folder: String, of unit: TestUnit, _ teller: Teller, version: String) throws {
        for name in ["metadata.yaml", "config.yaml", "actions.yaml", "src/charm.py"] {
            let text = String(decoding: try FileBytes.read("\(Self.fixture)/\(name)"), as: UTF8.self)
            try unit.directory.write(text, to: "\(folder)/\(name)")
        }
        try unit.directory.write(version + "\n", to: "\(folder)/version")
        try unit.link("\(Self.fixture)/\(teller == .charmKit ? "dispatch-charmkit" : "dispatch-ops")", to: folder)
    }

    /// Runs the agent while the body runs.
    func run(_ body: (AgentControlClient) async throws -> Void) async throws {
        let path = unit.directory.path
        let change = { (configuration: inout AgentConfiguration) in
            configuration.resources["motd"] = "\(path)/motd"
            configuration.workloadPollInterval = .milliseconds(200)
            configuration.environment["STORY_ROOT"] = "\(path)/workload"
            configuration.environment["STORY_CHARM"] = try? TestUnit.product("story-charm")
            configuration.environment["STORY_PYTHON"] = OpsEnvironment.python
            if self.teller == .ops(storesInJuju: true) { configuration.environment["STORY_STORES_IN_JUJU"] = "1" }
        }
        try await unit.run(changing: change, now: { [self] in Timestamp.now() + advance.withLock { $0 } }, body)
    }

    /// Puts the agent's clock forward.
    func advance(_ duration: Duration) { advance.withLock { $0 += duration } }

    func startPebble() throws -> ChildProcess {
        try reaper.spawn(
            SpawnRequest(
                executable: TestUnit.product("pebble"),
                arguments: ["pebble", "run", "--create-dirs", "--hold"],
                environment: pebbleEnvironment
            )
        )
    }

    func notify(_ key: String, _ data: String) async throws {
        let command = Command(
            try TestUnit.product("pebble"),
            ["notify", key, data],
            environment: pebbleEnvironment
        )
        let result = try await CommandRunner(reaper: reaper).run(command)
        try #require(result.isSuccess, "\(result.errorText)")
    }

    private var pebbleEnvironment: [String: String] {
        let path = unit.directory.path
        return [
            "PATH": "/usr/bin:/bin", "PEBBLE": "\(path)/pebble",
            "PEBBLE_SOCKET": "\(path)/containers/web/pebble.socket",
        ]
    }

    /// Waits until the charm has told `text` under `key` of the peers' databag, and the agent has nothing left to do.
    func told(_ key: String, _ text: String) async throws {
        try await settled("\(key) is \"\(text)\"") { try self.databag("friends", "tiny", of: "tiny/0")[key] == text }
    }

    /// Waits until something is so and the agent has nothing left to do.
    func settled(_ what: String, _ condition: () throws -> Bool) async throws {
        try await eventually("\(teller): \(what)") {
            try unit.client.status().unit.agent.status == "idle" && condition()
                && unit.client.status().unit.agent.status == "idle"
        }
    }

    func databag(_ endpoint: String, _ remote: String, of entity: String) throws -> [String: String] {
        let relations = try unit.client.relations()
        let relation = relations.first {
            $0.relation.endpoint == endpoint && $0.relation.remoteApplication == remote
        }
        return relation?.databags[entity] ?? [:]
    }

    func chapter(_ title: String) throws -> Chapter {
        let status = try unit.client.status()
        #expect(status.failedHook == nil, "\(teller): \(title)")
        return try Chapter(title, status: status, store: store)
    }
}
