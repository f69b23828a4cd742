// SPDX-License-Identifier: Apache-2.0
import HookProtocol

/// A relation as the model and the charm know it.
struct RelationState: Sendable, Equatable {
    /// A remote unit of a relation.
    struct Member: Sendable, Equatable {
        let unit: String
        /// Whether it is in the relation.
        var isPresent: Bool
        /// Whether the charm has been told so.
        var isJoined: Bool
        /// The version of its databag.
        var version: Int64
        /// The version the charm has been told of.
        var seenVersion: Int64
    }

    let id: RelationID
    let interface: String
    let remoteApplication: String
    let isPeer: Bool
    /// Whether it is being removed.
    var isDying: Bool
    /// Whether the charm has seen relation-created.
    var isCreated: Bool
    /// The version of the remote application's databag; 0 while it is empty.
    var version: Int64
    /// The version the charm has been told of.
    var seenVersion: Int64
    /// The unit whose joined hook has run and whose changed hook must follow at once.
    var owedChanged: String?
    /// The remote units, by number.
    var members: [Member]

    /// The members that are in the relation or still known to the charm, in the order Juju takes them.
    var number: Int { id.number }
}

extension Model {
    func relations() throws -> [RelationState] { try relations("SELECT * FROM relation ORDER BY id", []) }

    func relation(_ number: Int) throws -> RelationState? {
        try relations("SELECT * FROM relation WHERE id = ?", [.integer(number)]).first
    }

    private func relations(_ sql: String, _ parameters: [SQLiteValue]) throws -> [RelationState] {
        let rows = try parameters.isEmpty ? connection.rows(sql) : connection.rows(sql, parameters[0])
        let isLeader = try isLeader()
        return try rows.map { row in
            let number = row.number(0)
            let remote = row.text(3)
            let isPeer = row.flag(4)
            return RelationState(
                id: RelationID(endpoint: row.text(1), number: number),
                interface: row.text(2),
                remoteApplication: remote,
                isPeer: isPeer,
                isDying: row.flag(5),
                isCreated: row.flag(6),
                // In a peer relation the application's databag is the leader's own: no changed hook comes of it there.
                version: isPeer && isLeader ? 0 : try databagVersion(number, of: remote),
                seenVersion: row.integer(7),
                owedChanged: row.optionalText(8),
                members: try members(of: number)
            )
        }
    }

    private func members(of relation: Int) throws -> [RelationState.Member] {
        let rows = try connection.rows(
            """
            SELECT unit, present, joined, seen_version, coalesce(version, 0) FROM member
            LEFT JOIN databag ON databag.relation = member.relation AND entity = unit WHERE member.relation = ?
            """,
            .integer(relation)
        )
        return rows.map {
            RelationState.Member(
                unit: $0.text(0),
                isPresent: $0.flag(1),
                isJoined: $0.flag(2),
                version: $0.integer(4),
                seenVersion: $0.integer(3)
            )
        }.sorted { unitOrder($0.unit, $1.unit) }
    }

    /// Adds a relation, with the databag Juju gives the own unit; without a number it gets the next.
    func addRelation(
        number given: Int? = nil,
        endpoint: String,
        interface: String,
        remote: String,
        isPeer: Bool,
        unit: String,
        address: String
    ) throws -> Int {
        try connection.run(
            "INSERT INTO relation (id, endpoint, interface, remote, peer) VALUES (?, ?, ?, ?, ?)",
            .optional(given.map { Int64($0) }),
            .text(endpoint),
            .text(interface),
            .text(remote),
            .flag(isPeer)
        )
        let number = connection.lastInsertedNumber
        let network = [
            "egress-subnets": address.contains(":") ? "\(address)/128" : "\(address)/32",
            "ingress-address": address,
            "private-address": address,
        ]
        try setDatabag(number, of: unit, to: network)
        return number
    }

    func deleteRelation(_ number: Int) throws {
        // What the remote application owned went over this relation alone.
        for secret in try secrets() where secret.relation == number { try deleteSecret(secret.id) }
        try connection.run("DELETE FROM relation WHERE id = ?", .integer(number))
    }

    func setDying(relation number: Int) throws {
        try connection.run("UPDATE relation SET dying = 1 WHERE id = ?", .integer(number))
    }

    func setCreated(relation number: Int) throws {
        try connection.run("UPDATE relation SET created = 1 WHERE id = ?", .integer(number))
    }

    func setOwedChanged(_ unit: String?, relation number: Int) throws {
        try connection.run("UPDATE relation SET owed_changed = ? WHERE id = ?", .optional(unit), .integer(number))
    }

    /// Records that the charm has been told of a version of the remote application's databag.
    func setSeen(version: Int64, relation number: Int) throws {
        try connection.run("UPDATE relation SET seen_version = ? WHERE id = ?", .integer(version), .integer(number))
    }

    /// Says whether a remote unit is in the relation.
    func setPresent(_ isPresent: Bool, unit: String, relation number: Int) throws {
        try connection.run(
            """
            INSERT INTO member (relation, unit, present) VALUES (?, ?, ?)
            ON CONFLICT (relation, unit) DO UPDATE SET present = excluded.present
            """,
            .integer(number),
            .text(unit),
            .flag(isPresent)
        )
    }

    /// Records that the charm has been told that a unit is there, and of which version of its databag.
    func setJoined(unit: String, version: Int64, relation number: Int) throws {
        try connection.run(
            "UPDATE member SET joined = 1, seen_version = ? WHERE relation = ? AND unit = ?",
            .integer(version),
            .integer(number),
            .text(unit)
        )
    }

    /// Records that the charm has been told that a unit left.
    ///
    /// A unit that has come back meanwhile joins anew.
    func setDeparted(unit: String, relation number: Int) throws {
        try connection.run(
            "UPDATE member SET joined = 0, seen_version = 0 WHERE relation = ? AND unit = ?",
            .integer(number),
            .text(unit)
        )
        try connection.run(
            "DELETE FROM member WHERE relation = ? AND unit = ? AND present = 0",
            .integer(number),
            .text(unit)
        )
        try connection.run(
            "UPDATE relation SET owed_changed = NULL WHERE id = ? AND owed_changed = ?",
            .integer(number),
            .text(unit)
        )
    }

    /// The databag of a unit or application; `nil` when it has none in this relation.
    func databag(_ relation: Int, of entity: String) throws -> [String: String]? {
        try connection.row(
            "SELECT content FROM databag WHERE relation = ? AND entity = ?",
            .integer(relation),
            .text(entity)
        ).map { try AgentJSON.decode(from: $0.text(0)) }
    }

    func databags(_ relation: Int) throws -> [String: [String: String]] {
        var databags: [String: [String: String]] = [:]
        for row in try connection.rows("SELECT entity, content FROM databag WHERE relation = ?", .integer(relation)) {
            databags[row.text(0)] = try AgentJSON.decode(from: row.text(1))
        }
        return databags
    }

    /// Replaces a databag; the version grows only when the content differs.
    func setDatabag(_ relation: Int, of entity: String, to content: [String: String]) throws {
        let old = try databag(relation, of: entity)
        if old == content || (old == nil && content.isEmpty && !entity.contains("/")) { return }
        try setDatabag(relation, of: entity, to: content, version: try databagVersion(relation, of: entity) + 1)
    }

    func setDatabag(_ relation: Int, of entity: String, to content: [String: String], version: Int64) throws {
        try connection.run(
            "INSERT OR REPLACE INTO databag VALUES (?, ?, ?, ?)",
            .integer(relation),
            .text(entity),
            .integer(version),
            .text(try AgentJSON.text(content))
        )
    }

    func databagVersion(_ relation: Int, of entity: String) throws -> Int64 {
        try connection.row(
            "SELECT version FROM databag WHERE relation = ? AND entity = ?",
            .integer(relation),
            .text(entity)
        )?.integer(0) ?? 0
    }
}

/// Orders unit names by application, then by number.
func unitOrder(_ left: String, _ right: String) -> Bool {
    guard let leftName = UnitName(left), let rightName = UnitName(right) else { return left < right }
    return leftName < rightName
}
