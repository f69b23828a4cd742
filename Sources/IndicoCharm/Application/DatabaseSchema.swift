// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import PebbleAPI

/// Sees to it that the database is one this Indico can work with.
struct DatabaseSchema {
    let module: WorkloadModule
    let mayMigrate: Bool
    /// How long a database that cannot be reached is tried again.
    let patience: Duration
    let pace: Pace
    let migration: Migration
    /// The upgrade that failed before and is not tried again.
    let failed: WorkloadMemory.FailedUpgrade?
    /// Stops what serves: an empty database under a serving site is not the one its sessions were made for.
    let quiesce: () throws -> Void
    /// Shows what takes a while.
    let show: (String) throws -> Void

    /// What became of the database.
    enum Outcome: Hashable {
        /// It is current.
        case current(Facts)
        /// The workload must be left as it is.
        case obstacle(Obstacle)
        /// The upgrade failed; it is not tried again before something else is there, or an operator says so.
        case failed(WorkloadMemory.FailedUpgrade)
    }

    /// What is known of a database that is current.
    struct Facts: Hashable {
        /// Which tables they are.
        var identity: String
        /// Which revision they are of.
        var schema: String
        /// Indico's version.
        var version: String
    }

    /// Looks at the database and, where this unit may, prepares or upgrades it.
    ///
    /// - Returns: What became of it.
    /// - Throws: ``ContainerError`` when the container cannot be asked.
    func ensure() throws -> Outcome {
        do {
            var status = try firstStatus()
            if status["state"]?.text != "current" {
                if let outcome = try change(for: status) { return outcome }
                status = try module.ask("db-status")
            }
            return .current(
                Facts(
                    identity: status["identity"]?.text ?? "",
                    schema: Self.revisions(status),
                    version: status["version"]?.text ?? ""
                )
            )
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

    /// Changes the schema; nil when that is done.
    private func change(for status: [String: JSONValue]) throws -> Outcome? {
        switch status["state"]?.text {
        case "empty":
            guard mayMigrate else { return .obstacle(.waiting("waiting for the leader to prepare the database")) }
            try quiesce()
            try show("preparing the database")
            _ = try module.ask("db-prepare", timeout: .seconds(600))
            return nil
        case "behind":
            guard mayMigrate else { return .obstacle(.waiting("waiting for the leader to upgrade the database")) }
            return try upgrade(from: status)
        default:
            return .obstacle(.blocked("relation database offers a database that belongs to another version of Indico"))
        }
    }

    private func upgrade(from status: [String: JSONValue]) throws -> Outcome? {
        let step = try Self.step(status)
        if let failed, failed.step == step { return .failed(failed) }
        var request: [String: JSONValue] = [:]
        switch try migration.place() {
        case .ready(let place): request["target"] = place.request
        case .waiting(let what): return .obstacle(.waiting("waiting for \(what), to back up before the upgrade"))
        case .invalid(let reason): return .obstacle(.blocked(reason))
        case .absent:
            guard migration.isWithoutBackup else {
                return .obstacle(
                    .blocked(
                        "the database must be upgraded and there is no place for a backup: \(BackupPlaceSearch.remedy); "
                            + "or run the action run-migrations with backup=false"
                    )
                )
            }
        }
        try show(request.isEmpty ? "upgrading the database" : "backing up and upgrading the database")
        do {
            _ = try module.ask("db-upgrade", request, timeout: .seconds(6 * 3600))
            return nil
        } catch let refusal as WorkloadModule.Refusal where refusal.code == "upgrade-failed" {
            return .failed(.init(step: step, message: Obstacle.line("database: \(refusal.message)")))
        }
    }

    /// The revisions of all parts of the schema, as a short mark.
    private static func revisions(_ status: [String: JSONValue]) -> String {
        guard case .object(let core)? = status["core"], case .array(let revisions)? = core["current"] else { return "" }
        let plugins = status["plugins"].flatMap { try? step(["core": .null, "plugins": $0]) }
        let text = revisions.compactMap(\.text).joined(separator: "+")
        return status["plugins"] == .object([:]) ? text : "\(text) \(plugins ?? "")"
    }

    /// From what to what an upgrade leads, as a short mark.
    private static func step(_ status: [String: JSONValue]) throws -> String {
        let parts = JSONValue.object(status.filter { ["core", "plugins", "version"].contains($0.key) })
        return Customization.mark(of: try WireJSON.text(of: parts))
    }

    private func obstacle(_ refusal: WorkloadModule.Refusal) -> Obstacle {
        switch refusal.code {
        case "database-unreachable", "locked": .waiting("waiting for the database: \(refusal.message)")
        default: .blocked("database: \(refusal.message)")
        }
    }
}

/// How the schema is upgraded.
struct Migration {
    /// Looks for the place of the backup that is made before; asked only when there is something to upgrade.
    var place: () throws -> RelationReading<BackupPlace>
    /// Whether an operator said to upgrade where no place is given.
    var isWithoutBackup = false
}
