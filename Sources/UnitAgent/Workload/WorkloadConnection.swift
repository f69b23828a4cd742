// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// What the agent asks of a container's Pebble.
///
/// Calls block and throw while Pebble cannot be reached.
protocol WorkloadConnection: Sendable {
    /// The id of the running Pebble, new at each of its starts.
    func bootID() throws -> String

    /// The notices of the types the agent forwards that occurred or repeated after `cursor`, oldest first; waits for
    /// one for at most `timeout`.
    func notices(after cursor: Timestamp?, timeout: Duration) throws -> [WorkloadNotice]

    /// The change with an id; `nil` when Pebble has forgotten it.
    func change(_ id: String) throws -> WorkloadChange?
}

/// A notice of a container's Pebble.
struct WorkloadNotice: Sendable, Equatable {
    let id: String
    /// `custom` or `change-update`.
    let type: String
    /// The key of a custom notice; the id of the change of an update.
    let key: String
    let lastRepeated: Timestamp
    /// What it carries; for an update the kind of the change and the name of its check.
    let data: [String: String]
}

/// A change of a container's Pebble, so far as it concerns checks.
struct WorkloadChange: Sendable, Equatable {
    /// The kind, such as `perform-check`.
    let kind: String
    /// The status, such as `Done` or `Error`.
    let status: String
    /// The check it is about.
    let check: String?
}
