// SPDX-License-Identifier: Apache-2.0

extension AgentCore {
    /// Adds instances of a storage, of each of which the charm is told; returns their ids.
    func addStorage(_ name: String, _ count: Int) throws -> [String] {
        guard let storage = charm.storages.first(where: { $0.name == name }) else {
            let known = charm.storages.map(\.name).joined(separator: ", ")
            throw ControlFailure(.notFound, "the charm \(charm.name) has no storage \(name); it has \(known)")
        }
        guard (1...1000).contains(count) else { throw ControlFailure(.invalid, "\(count) is no count of storages") }
        let directory = unit.storageDirectory
        let ids = try store.write { model in
            let used = try model.storages().filter { $0.name == name }.count
            if let most = storage.maximumCount, used + count > most {
                throw ControlFailure(.conflict, "storage \(name) takes at most \(most) instances and has \(used)")
            }
            let first = try model.nextStorageIndex(name)
            return try (first..<(first + count)).map { index in
                let id = "\(name)/\(index)"
                try model.addStorage(id: id, name: name, location: "\(directory)/\(id)", kind: storage.kind)
                return id
            }
        }
        changes.signal()
        return ids
    }

    /// Takes a storage from the charm; its directory stays.
    func detachStorage(_ id: String) throws {
        let charm = charm
        try store.write { model in
            let all = try model.storages()
            guard let storage = all.first(where: { $0.id == id }), !storage.isDetaching else {
                throw ControlFailure(.notFound, "the unit has no storage \(id)")
            }
            let least = charm.storages.first { $0.name == storage.name }?.minimumCount ?? 0
            let staying = all.filter { $0.name == storage.name && !$0.isDetaching }.count
            guard staying > least else {
                throw ControlFailure(
                    .conflict,
                    "the charm \(charm.name) needs at least \(least) of storage \(storage.name)"
                )
            }
            // What the charm has not heard of, there is nothing to take back.
            if storage.isAttached { try model.setDetaching(storage: id) } else { try model.deleteStorage(id) }
        }
        changes.signal()
    }
}
