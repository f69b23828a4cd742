// SPDX-License-Identifier: Apache-2.0

/// Something about secrets the charm is to be told, in the order it is told.
enum SecretDue: Sendable, Equatable {
    /// A secret the unit reads has a new revision.
    case changed(id: String, label: String?, revision: Int)
    /// An owned secret is to be rotated.
    case rotate(id: String, label: String?)
    /// A revision of an owned secret has expired.
    case expired(id: String, label: String?, revision: Int)
    /// Nobody reads a revision of an owned secret any more.
    case remove(id: String, label: String?, revision: Int)
}

extension Model {
    /// How long a charm that neither made a new revision nor removed the old one has until it is told again, in
    /// seconds: Juju's five minutes.
    static let secretReminder: Int64 = 300

    /// What the charm is to be told of secrets at `now`, in seconds since 1970.
    func secretsDue(now: Int64) throws -> [SecretDue] {
        let kinds = try ownedKinds()
        return try changedSecrets(kinds) + rotateDue(kinds, now: now) + expiredRevisions(kinds, now: now)
            + unreadRevisions(kinds)
    }

    /// When the next rotation or expiry is due, in seconds since 1970.
    func nextSecretTime() throws -> Int64? {
        let kinds = try ownedKinds()
        return try connection.row(
            """
            SELECT min(at) FROM (SELECT next_rotate AS at FROM secret WHERE owner_kind IN (\(kinds))
            UNION ALL SELECT next_expired FROM secret_revision JOIN secret ON id = secret
            WHERE owner_kind IN (\(kinds)))
            """
        )?.optionalInteger(0)
    }

    /// Whose secrets are this unit's business, as SQL: the application's are its leader's, and others read them.
    private func ownedKinds() throws -> String { try isLeader() ? "'unit', 'application'" : "'unit'" }

    private func changedSecrets(_ kinds: String) throws -> [SecretDue] {
        // An owner is not told of what it wrote itself.
        try connection.rows(
            """
            SELECT secret.id, secret_tracking.label, max(secret_revision.revision) AS latest FROM secret_tracking
            JOIN secret ON secret.id = secret_tracking.secret
            JOIN secret_revision ON secret_revision.secret = secret.id
            WHERE owner_kind NOT IN (\(kinds)) GROUP BY secret.id
            HAVING latest > secret_tracking.told_revision AND latest > secret_tracking.revision ORDER BY secret.id
            """
        ).map { .changed(id: $0.text(0), label: $0.optionalText(1), revision: $0.number(2)) }
    }

    private func rotateDue(_ kinds: String, now: Int64) throws -> [SecretDue] {
        try connection.rows(
            "SELECT id, label FROM secret WHERE owner_kind IN (\(kinds)) AND next_rotate <= ? ORDER BY id",
            .integer(now)
        ).map { .rotate(id: $0.text(0), label: $0.optionalText(1)) }
    }

    private func expiredRevisions(_ kinds: String, now: Int64) throws -> [SecretDue] {
        try connection.rows(
            """
            SELECT id, label, revision FROM secret_revision JOIN secret ON id = secret
            WHERE owner_kind IN (\(kinds)) AND next_expired <= ? ORDER BY id, revision
            """,
            .integer(now)
        ).map { .expired(id: $0.text(0), label: $0.optionalText(1), revision: $0.number(2)) }
    }

    private func unreadRevisions(_ kinds: String) throws -> [SecretDue] {
        // A remote application always reads the newest revision; the own unit reads what it tracks.
        try connection.rows(
            """
            SELECT id, secret.label, revision.revision FROM secret_revision AS revision
            JOIN secret ON id = revision.secret
            LEFT JOIN secret_tracking AS tracking ON tracking.secret = id
            WHERE owner_kind IN (\(kinds)) AND remove_told = 0
            AND revision.revision < (SELECT max(revision) FROM secret_revision WHERE secret = id)
            AND revision.revision IS NOT tracking.revision ORDER BY id, revision.revision
            """
        ).map { .remove(id: $0.text(0), label: $0.optionalText(1), revision: $0.number(2)) }
    }

    /// Records that the charm has been told, so that it is told again only when there is reason to.
    func setTold(_ due: SecretDue, now: Int64) throws {
        switch due {
        case .changed(let id, _, let revision):
            try connection.run(
                "UPDATE secret_tracking SET told_revision = max(told_revision, ?) WHERE secret = ?",
                .integer(revision),
                .text(id)
            )
        case .rotate(let id, _):
            // A new revision in this hook has moved the time already; else the charm is reminded.
            try connection.run(
                "UPDATE secret SET next_rotate = ? WHERE id = ? AND next_rotate <= ?",
                .integer(now + Self.secretReminder),
                .text(id),
                .integer(now)
            )
        case .expired(let id, _, let revision):
            try connection.run(
                "UPDATE secret_revision SET next_expired = ? WHERE secret = ? AND revision = ? AND next_expired <= ?",
                .integer(now + Self.secretReminder),
                .text(id),
                .integer(revision),
                .integer(now)
            )
        case .remove(let id, _, let revision):
            try connection.run(
                "UPDATE secret_revision SET remove_told = 1 WHERE secret = ? AND revision = ?",
                .text(id),
                .integer(revision)
            )
        }
    }
}
