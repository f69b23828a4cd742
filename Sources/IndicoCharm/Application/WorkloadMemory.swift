// SPDX-License-Identifier: Apache-2.0

/// What a unit remembers of its workload from one dispatch to the next.
///
/// Losing it costs a look at the database, nothing else.
struct WorkloadMemory: Codable, Hashable {
    /// Which database was looked at, without credentials.
    var database: String?
    /// Which set of tables it was.
    var identity: String?
    /// Which schema it had.
    var schema: String?
    /// Which upgrade of it failed, and what was said of it; it is not tried again by itself.
    var failedUpgrade: FailedUpgrade?
    /// When the database was last found to be current, as the machine's time since its start.
    var checkedAt: Int64?
    /// Indico's version.
    var version: String?

    static let key = "workload"
    /// For how long the database is taken to be current without looking: less than the interval of update-status.
    static let validity: Int64 = 240

    /// An upgrade of the schema that failed.
    struct FailedUpgrade: Codable, Hashable {
        /// From what to what.
        var step: String
        var message: String
    }

    /// Names the database and its schema for the other units; nil while nothing is known.
    var databaseMark: String? {
        guard let identity, let schema else { return nil }
        return "\(identity) \(schema)"
    }

    func isFresh(for place: String, at now: Int64) -> Bool {
        guard database == place, let checkedAt else { return false }
        // A machine that was started anew counts from zero again.
        return now >= checkedAt && now - checkedAt < Self.validity
    }
}
