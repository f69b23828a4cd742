// SPDX-License-Identifier: Apache-2.0

/// A storage instance of the unit.
struct StorageState: Sendable, Equatable {
    /// `name/index`.
    let id: String
    let name: String
    let location: String
    let kind: String
    /// Whether the charm has been told of it.
    var isAttached: Bool
    /// Whether it is being taken away.
    var isDetaching = false
}

extension Model {
    func storages() throws -> [StorageState] {
        try connection.rows("SELECT id, name, location, kind, attached FROM storage ORDER BY id").map {
            StorageState(
                id: $0.text(0),
                name: $0.text(1),
                location: $0.text(2),
                kind: $0.text(3),
                isAttached: $0.flag(4),
                isDetaching: $0.number(4) == 2
            )
        }
    }

    func addStorage(id: String, name: String, location: String, kind: String) throws {
        try connection.run(
            "INSERT OR IGNORE INTO storage (id, name, location, kind) VALUES (?, ?, ?, ?)",
            .text(id),
            .text(name),
            .text(location),
            .text(kind)
        )
        guard let index = Int(id.drop { $0 != "/" }.dropFirst()) else { return }
        try connection.run(
            """
            INSERT INTO fact VALUES (?, ?)
            ON CONFLICT (key) DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))
            """,
            .text(Self.indexKey(name)),
            .text(String(index + 1))
        )
    }

    /// The number the next instance of a storage gets; none is given twice.
    func nextStorageIndex(_ name: String) throws -> Int {
        let next = try connection.row("SELECT value FROM fact WHERE key = ?", .text(Self.indexKey(name)))
        let used = try storages().filter { $0.name == name }.compactMap { Int($0.id.drop { $0 != "/" }.dropFirst()) }
        return max(next.flatMap { Int($0.text(0)) } ?? 0, (used.max() ?? -1) + 1)
    }

    private static func indexKey(_ name: String) -> String { "storage-next:\(name)" }

    /// Begins to take a storage away: the charm is told, then it is gone from the model.
    func setDetaching(storage id: String) throws {
        try connection.run("UPDATE storage SET attached = 2 WHERE id = ?", .text(id))
    }

    func setAttached(_ isAttached: Bool, storage id: String) throws {
        try connection.run("UPDATE storage SET attached = ? WHERE id = ?", .flag(isAttached), .text(id))
    }

    func deleteStorage(_ id: String) throws { try connection.run("DELETE FROM storage WHERE id = ?", .text(id)) }
}
