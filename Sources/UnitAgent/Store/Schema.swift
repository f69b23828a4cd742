// SPDX-License-Identifier: Apache-2.0

/// The tables of the model store.
///
/// Two things live side by side: what is so in the model (relations, databags, secrets, configuration) and what the
/// charm has been told of it (created, joined, versions seen). The difference is what the resolver turns into hooks.
enum Schema {
    static let version = 1

    static let script = """
        -- Single values: flags of the unit's life, the pending hook, the workload version.
        CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE config (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        -- AUTOINCREMENT: the number of a relation is never given to another.
        CREATE TABLE relation (
            id INTEGER PRIMARY KEY AUTOINCREMENT, endpoint TEXT NOT NULL, interface TEXT NOT NULL,
            remote TEXT NOT NULL, peer INTEGER NOT NULL, dying INTEGER NOT NULL DEFAULT 0,
            created INTEGER NOT NULL DEFAULT 0, seen_version INTEGER NOT NULL DEFAULT 0, owed_changed TEXT);
        CREATE TABLE databag (
            relation INTEGER NOT NULL REFERENCES relation(id) ON DELETE CASCADE, entity TEXT NOT NULL,
            version INTEGER NOT NULL, content TEXT NOT NULL, PRIMARY KEY (relation, entity)) WITHOUT ROWID;
        CREATE TABLE member (
            relation INTEGER NOT NULL REFERENCES relation(id) ON DELETE CASCADE, unit TEXT NOT NULL,
            present INTEGER NOT NULL, joined INTEGER NOT NULL DEFAULT 0, seen_version INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (relation, unit)) WITHOUT ROWID;
        CREATE TABLE secret (
            id TEXT PRIMARY KEY, owner_kind TEXT NOT NULL, owner TEXT NOT NULL, label TEXT, description TEXT,
            rotate TEXT, next_rotate INTEGER, relation INTEGER, name TEXT) WITHOUT ROWID;
        CREATE TABLE secret_revision (
            secret TEXT NOT NULL REFERENCES secret(id) ON DELETE CASCADE, revision INTEGER NOT NULL,
            content TEXT NOT NULL, expires INTEGER, next_expired INTEGER, remove_told INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (secret, revision)) WITHOUT ROWID;
        CREATE TABLE secret_grant (
            secret TEXT NOT NULL REFERENCES secret(id) ON DELETE CASCADE,
            relation INTEGER NOT NULL REFERENCES relation(id) ON DELETE CASCADE, target TEXT NOT NULL,
            PRIMARY KEY (secret, relation, target)) WITHOUT ROWID;
        -- What this unit reads: its own label, the revision it tracks, the newest it has been told of.
        CREATE TABLE secret_tracking (
            secret TEXT PRIMARY KEY REFERENCES secret(id) ON DELETE CASCADE, label TEXT,
            revision INTEGER NOT NULL, told_revision INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE leader_setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE port (range TEXT NOT NULL, endpoint TEXT NOT NULL, PRIMARY KEY (range, endpoint)) WITHOUT ROWID;
        CREATE TABLE status (
            entity TEXT PRIMARY KEY, status TEXT NOT NULL, message TEXT NOT NULL, since TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE task (
            id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, parameters TEXT NOT NULL,
            status TEXT NOT NULL, message TEXT NOT NULL DEFAULT '', results TEXT NOT NULL DEFAULT '{}');
        CREATE TABLE task_log (
            task INTEGER NOT NULL REFERENCES task(id) ON DELETE CASCADE, line TEXT NOT NULL);
        CREATE TABLE storage (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, location TEXT NOT NULL, kind TEXT NOT NULL,
            -- 0 before the charm was told, 1 after, 2 while it is taken away.
            attached INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
        """
}
