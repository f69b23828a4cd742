// SPDX-License-Identifier: Apache-2.0

/// What a unit remembers of its workload from one dispatch to the next.
///
/// Losing it costs a look at the database, nothing else.
struct WorkloadMemory: Codable, Hashable {
    /// Which database was looked at, without credentials.
    var database: String?
    /// Which set of tables it was.
    var identity: String?
    /// When the database was last found to be current, as the machine's time since its start.
    var checkedAt: Int64?
    /// A mark of the customization source that was fetched last.
    var customization: String?
    /// Indico's version.
    var version: String?

    static let key = "workload"
    /// For how long the database is taken to be current without looking: less than the interval of update-status.
    static let validity: Int64 = 240

    func isFresh(for place: String, at now: Int64) -> Bool {
        guard database == place, let checkedAt else { return false }
        // A machine that was started anew counts from zero again.
        return now >= checkedAt && now - checkedAt < Self.validity
    }
}
