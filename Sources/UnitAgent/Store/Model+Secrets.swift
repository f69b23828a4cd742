// SPDX-License-Identifier: Apache-2.0

/// Who owns a secret.
enum SecretOwner: String, Sendable, Equatable {
    case unit
    case application
    /// An application at the other end of a relation.
    case remote
    /// The operator, who made it for the application to read.
    case user
}

/// How often a secret is to be rotated.
enum RotatePolicy: String, Sendable, CaseIterable {
    case never, hourly, daily, weekly, monthly, quarterly, yearly

    /// The time between two rotations, in seconds.
    var interval: Int64? {
        let day: Int64 = 86_400
        return switch self {
        case .never: nil
        case .hourly: 3600
        case .daily: day
        case .weekly: 7 * day
        case .monthly: 30 * day
        case .quarterly: 90 * day
        case .yearly: 365 * day
        }
    }
}

/// A secret without its content.
struct SecretState: Sendable, Equatable {
    /// The bare id, as in the last part of the URI.
    let id: String
    let ownerKind: SecretOwner
    /// The unit's or application's name.
    let owner: String
    /// The owner's label.
    var label: String?
    var description: String?
    var rotate: RotatePolicy
    /// When the next rotation is due, in seconds since 1970.
    var nextRotate: Int64?
    /// The relation over which a remote application's secret came.
    var relation: Int?
    /// The name the operator gave a remote application's secret.
    var name: String?
}

/// A revision of a secret.
struct SecretRevision: Sendable, Equatable {
    let revision: Int
    let content: [String: String]
    /// When it expires, in seconds since 1970.
    var expires: Int64?
}

/// What the own unit reads of a secret.
struct SecretTracking: Sendable, Equatable {
    var label: String?
    var revision: Int
    /// The newest revision the charm has been told of.
    var toldRevision: Int
}

/// A grant of a secret over a relation.
struct SecretGrant: Sendable, Hashable {
    let secret: String
    let relation: Int
    /// The application or unit that may read.
    let target: String
}

extension Model {
    private static let columns = "id, owner_kind, owner, label, description, rotate, next_rotate, relation, name"

    private func secret(_ row: SQLiteRow) -> SecretState {
        SecretState(
            id: row.text(0),
            ownerKind: SecretOwner(rawValue: row.text(1)) ?? .remote,
            owner: row.text(2),
            label: row.optionalText(3),
            description: row.optionalText(4),
            rotate: row.optionalText(5).flatMap(RotatePolicy.init) ?? .never,
            nextRotate: row.optionalInteger(6),
            relation: row.optionalInteger(7).map { Int($0) },
            name: row.optionalText(8)
        )
    }

    func secrets() throws -> [SecretState] {
        try connection.rows("SELECT \(Self.columns) FROM secret ORDER BY id").map(secret)
    }

    func secret(_ id: String) throws -> SecretState? {
        try connection.row("SELECT \(Self.columns) FROM secret WHERE id = ?", .text(id)).map(secret)
    }

    func setSecret(_ secret: SecretState) throws {
        try connection.run(
            """
            INSERT INTO secret (\(Self.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET label = excluded.label, description = excluded.description,
                rotate = excluded.rotate, next_rotate = excluded.next_rotate
            """,
            .text(secret.id),
            .text(secret.ownerKind.rawValue),
            .text(secret.owner),
            .optional(secret.label),
            .optional(secret.description),
            .text(secret.rotate.rawValue),
            .optional(secret.nextRotate),
            .optional(secret.relation.map { Int64($0) }),
            .optional(secret.name)
        )
    }

    func deleteSecret(_ id: String) throws {
        try connection.run("DELETE FROM secret WHERE id = ?", .text(id))
        connection.holdsForgottenSecrets = true
    }

    /// The revisions of a secret, oldest first.
    func revisions(ofSecret id: String) throws -> [SecretRevision] {
        try connection.rows(
            "SELECT revision, content, expires FROM secret_revision WHERE secret = ? ORDER BY revision",
            .text(id)
        ).map {
            SecretRevision(
                revision: $0.number(0),
                content: try AgentJSON.decode(from: $0.text(1)),
                expires: $0.optionalInteger(2)
            )
        }
    }

    func addRevision(_ revision: SecretRevision, secret id: String) throws {
        let expires = SQLiteValue.optional(revision.expires)
        try connection.run(
            "INSERT INTO secret_revision (secret, revision, content, expires, next_expired) VALUES (?, ?, ?, ?, ?)",
            .text(id),
            .integer(revision.revision),
            .text(try AgentJSON.text(revision.content)),
            expires,
            expires
        )
    }

    func setExpiry(_ expires: Int64?, revision: Int, secret id: String) throws {
        try connection.run(
            "UPDATE secret_revision SET expires = ?, next_expired = ? WHERE secret = ? AND revision = ?",
            .optional(expires),
            .optional(expires),
            .text(id),
            .integer(revision)
        )
    }

    func deleteRevision(_ revision: Int, secret id: String) throws {
        try connection.run(
            "DELETE FROM secret_revision WHERE secret = ? AND revision = ?",
            .text(id),
            .integer(revision)
        )
        connection.holdsForgottenSecrets = true
    }

    func tracking(ofSecret id: String) throws -> SecretTracking? {
        try connection.row(
            "SELECT label, revision, told_revision FROM secret_tracking WHERE secret = ?",
            .text(id)
        ).map { SecretTracking(label: $0.optionalText(0), revision: $0.number(1), toldRevision: $0.number(2)) }
    }

    func setTracking(_ tracking: SecretTracking, secret id: String) throws {
        try connection.run(
            "INSERT OR REPLACE INTO secret_tracking VALUES (?, ?, ?, ?)",
            .text(id),
            .optional(tracking.label),
            .integer(tracking.revision),
            .integer(tracking.toldRevision)
        )
    }

    /// The secret this unit reads under a label of its own.
    func trackedSecret(label: String) throws -> String? {
        try connection.row("SELECT secret FROM secret_tracking WHERE label = ?", .text(label))?.text(0)
    }

    func grants() throws -> Set<SecretGrant> {
        Set(
            try connection.rows("SELECT secret, relation, target FROM secret_grant").map {
                SecretGrant(secret: $0.text(0), relation: $0.number(1), target: $0.text(2))
            }
        )
    }

    func addGrant(_ grant: SecretGrant) throws {
        try connection.run(
            "INSERT OR IGNORE INTO secret_grant VALUES (?, ?, ?)",
            .text(grant.secret),
            .integer(grant.relation),
            .text(grant.target)
        )
    }

    func removeGrant(_ grant: SecretGrant) throws {
        try connection.run(
            "DELETE FROM secret_grant WHERE secret = ? AND relation = ? AND target = ?",
            .text(grant.secret),
            .integer(grant.relation),
            .text(grant.target)
        )
    }
}
