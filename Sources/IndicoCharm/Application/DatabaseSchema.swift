// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// Sees to it that the database is one this Indico can work with.
struct DatabaseSchema {
    let module: WorkloadModule
    let mayMigrate: Bool
    /// How long a database that cannot be reached is tried again.
    let patience: Duration
    let pace: Pace
    /// Stops what serves: an empty database under a serving site is not the one its sessions were made for.
    let quiesce: () throws -> Void
    /// Shows what takes a while.
    let show: (String) throws -> Void

    /// What became of the database.
    enum Outcome: Hashable {
        /// It is current; its tables have this identity, and this Indico this version.
        case current(identity: String, version: String)
        /// The workload must be left as it is.
        case obstacle(Obstacle)
    }

    /// Looks at the database and, where this unit may, prepares or upgrades it.
    ///
    /// - Returns: What became of it.
    /// - Throws: ``ContainerError`` when the container cannot be asked.
    func ensure() throws -> Outcome {
        do {
            var status = try firstStatus()
            if let change = try change(for: status) {
                if case .obstacle = change { return change }
                status = try module.ask("db-status")
            }
            return .current(identity: status["identity"]?.text ?? "", version: status["version"]?.text ?? "")
        } catch let refusal as WorkloadModule.Refusal {
            return .obstacle(obstacle(refusal))
        }
    }

    /// Asks until the database can be reached: started together with us it takes a moment, after a crash a long one, and
    /// no event tells that it is there.
    private func firstStatus() throws -> [String: JSONValue] {
        let deadline = pace.now() + patience
        while true {
            do {
                return try module.ask("db-status")
            } catch let refusal as WorkloadModule.Refusal {
                guard refusal.code == "database-unreachable", pace.now() < deadline else { throw refusal }
                pace.sleep(.seconds(1))
            }
        }
    }

    /// Changes the schema when it must be; nil when there is nothing to do.
    private func change(for status: [String: JSONValue]) throws -> Outcome? {
        switch status["state"]?.text {
        case "current": return nil
        case "empty":
            guard mayMigrate else { return .obstacle(.waiting("waiting for the leader to prepare the database")) }
            try quiesce()
            try show("preparing the database")
            _ = try module.ask("db-prepare", timeout: .seconds(600))
        case "behind":
            guard mayMigrate else { return .obstacle(.waiting("waiting for the leader to upgrade the database")) }
            try show("upgrading the database")
            _ = try module.ask("db-upgrade", timeout: .seconds(3600))
        default:
            return .obstacle(.blocked("relation database offers a database that belongs to another version of Indico"))
        }
        return .current(identity: "", version: "")
    }

    private func obstacle(_ refusal: WorkloadModule.Refusal) -> Obstacle {
        switch refusal.code {
        case "database-unreachable", "locked": .waiting("waiting for the database: \(refusal.message)")
        default: .blocked("database: \(refusal.message)")
        }
    }
}
