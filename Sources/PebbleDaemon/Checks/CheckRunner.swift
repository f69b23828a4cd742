// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PebblePlan

/// One check: its counting, and the timer and task it is about.
///
/// Belongs to the supervisor.
final class CheckRunner {
    let name: String
    var config: Check
    var machine = CheckMachine()
    /// The task that shows the check's failures.
    var taskID: String?
    var timer: Scheduled<Void>?
    /// When the next run is due, so that the time a run takes does not add up.
    var nextRun: NIODeadline = .now()
    /// The run under way.
    var probe: Task<Void, Never>?
    /// Runs begun before the last start or stop count no more.
    var generation = 0
    var successCount = 0
    var failureCount = 0

    init(config: Check) {
        name = config.name
        self.config = config
    }
}
