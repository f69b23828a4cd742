// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// A single value of the unit's life.
///
/// Raw values are keys on disk.
enum Fact: String {
    case modelUUID = "model-uuid"
    case installed
    case started
    case stopped
    case removed
    case dying
    case leaderElected = "leader-elected"
    /// Another unit leads the application.
    case follower
    case charmFingerprint = "charm-fingerprint"
    case configHash = "config-hash"
    case hostBoot = "host-boot"
    case pendingHook = "pending-hook"
    case runningTask = "running-task"
    case runningProcess = "running-process"
    case workloadVersion = "workload-version"
    case pendingCharm = "pending-charm"
}

extension Model {
    func fact(_ fact: Fact) throws -> String? {
        try connection.row("SELECT value FROM fact WHERE key = ?", .text(fact.rawValue))?.text(0)
    }

    func setFact(_ fact: Fact, _ value: String?) throws {
        if let value {
            try connection.run("INSERT OR REPLACE INTO fact VALUES (?, ?)", .text(fact.rawValue), .text(value))
        } else {
            try connection.run("DELETE FROM fact WHERE key = ?", .text(fact.rawValue))
        }
    }

    func flag(_ fact: Fact) throws -> Bool { try self.fact(fact) != nil }

    func setFlag(_ fact: Fact, _ value: Bool = true) throws { try setFact(fact, value ? "1" : nil) }

    /// The status of `entity`: the unit's or application's name, or `agent`.
    func status(of entity: String) throws -> EntityStatus? {
        try connection.row("SELECT status, message, since FROM status WHERE entity = ?", .text(entity)).map {
            EntityStatus(status: $0.text(0), message: $0.text(1), since: $0.text(2))
        }
    }

    /// Sets a status; "since" moves only when the status or the message differs.
    func setStatus(of entity: String, _ status: String, _ message: String, at time: Timestamp) throws {
        if let old = try self.status(of: entity), old.status == status, old.message == message { return }
        try connection.run(
            "INSERT OR REPLACE INTO status VALUES (?, ?, ?, ?)",
            .text(entity),
            .text(status),
            .text(message),
            .text(time.description)
        )
    }

    func setStatus(of entity: String, as status: EntityStatus) throws {
        guard try self.status(of: entity) != status else { return }
        try connection.run(
            "INSERT OR REPLACE INTO status VALUES (?, ?, ?, ?)",
            .text(entity),
            .text(status.status),
            .text(status.message),
            .text(status.since)
        )
    }

    /// The configuration the operator set, without defaults.
    func userConfig() throws -> [String: ConfigValue] {
        var values: [String: ConfigValue] = [:]
        for row in try connection.rows("SELECT name, value FROM config") {
            values[row.text(0)] = try AgentJSON.decode(from: row.text(1))
        }
        return values
    }

    func setUserConfig(_ name: String, _ value: ConfigValue?) throws {
        if let value {
            let text = try AgentJSON.text(value)
            try connection.run("INSERT OR REPLACE INTO config VALUES (?, ?)", .text(name), .text(text))
        } else {
            try connection.run("DELETE FROM config WHERE name = ?", .text(name))
        }
    }

    /// The charm's stored state.
    func state() throws -> [String: String] { try keyed("SELECT key, value FROM state") }

    func setState(_ key: String, _ value: String?) throws {
        if let value {
            try connection.run("INSERT OR REPLACE INTO state VALUES (?, ?)", .text(key), .text(value))
        } else {
            try connection.run("DELETE FROM state WHERE key = ?", .text(key))
        }
    }

    func leaderSettings() throws -> [String: String] { try keyed("SELECT key, value FROM leader_setting") }

    func setLeaderSetting(_ key: String, _ value: String?) throws {
        if let value {
            try connection.run("INSERT OR REPLACE INTO leader_setting VALUES (?, ?)", .text(key), .text(value))
        } else {
            try connection.run("DELETE FROM leader_setting WHERE key = ?", .text(key))
        }
    }

    func openedPorts() throws -> Set<OpenedPort> {
        Set(
            try connection.rows("SELECT range, endpoint FROM port").compactMap { row in
                PortRange(row.text(0)).map { OpenedPort(range: $0, endpoint: row.text(1)) }
            }
        )
    }

    func setOpenedPorts(_ ports: Set<OpenedPort>) throws {
        try connection.run("DELETE FROM port")
        for port in ports {
            try connection.run("INSERT INTO port VALUES (?, ?)", .text(port.range.description), .text(port.endpoint))
        }
    }

    private func keyed(_ sql: String) throws -> [String: String] {
        Dictionary(try connection.rows(sql).map { ($0.text(0), $0.text(1)) }) { $1 }
    }
}
