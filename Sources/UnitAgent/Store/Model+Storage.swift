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
}

extension Model {
    func storages() throws -> [StorageState] {
        try connection.rows("SELECT id, name, location, kind, attached FROM storage ORDER BY id").map {
            StorageState(
                id: $0.text(0),
                name: $0.text(1),
                location: $0.text(2),
                kind: $0.text(3),
                isAttached: $0.flag(4)
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
    }

    func setAttached(_ isAttached: Bool, storage id: String) throws {
        try connection.run("UPDATE storage SET attached = ? WHERE id = ?", .flag(isAttached), .text(id))
    }

    func deleteStorage(_ id: String) throws { try connection.run("DELETE FROM storage WHERE id = ?", .text(id)) }
}
