// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import PebblePlan

/// What is to be done after a check ran.
enum CheckEffect: Equatable, Sendable {
    /// A line for the log of the check's task.
    case logFailure(String)
    /// The change under way is over, in success or in failure, and one of the other kind begins.
    case turnOver(ended: ChangeStatus, next: String)
    /// The services that asked for it are to be told.
    case fail
}

/// The counting of one check, as a function of its results.
struct CheckMachine: Equatable, Sendable {
    private(set) var isActive = false
    private(set) var isDown = false
    private(set) var successes = 0
    private(set) var failures = 0
    /// The recovery's success shows as 1, and so does the one after it, with which the counting begins anew.
    private var countsAnew = false
    var changeID: String?
    var previousChangeID: String?

    /// The status clients see.
    var status: CheckStatus {
        guard isActive else { return .inactive }
        return isDown ? .down : .up
    }

    mutating func start() {
        self = CheckMachine()
        isActive = true
    }

    /// Stops with the counts as they are.
    mutating func stop() {
        isActive = false
        changeID = nil
    }

    /// Counts a result: nil is a success, a text says what went wrong.
    mutating func take(failure: String?, threshold: Int) -> [CheckEffect] {
        guard isActive else { return [] }
        if let failure {
            successes = 0
            failures += 1
            var effects: [CheckEffect] = [.logFailure(failure)]
            if !isDown, failures >= threshold {
                isDown = true
                effects += [.turnOver(ended: .error, next: "recover-check"), .fail]
            }
            return effects
        }
        failures = 0
        if isDown {
            isDown = false
            successes = 1
            countsAnew = true
            return [.turnOver(ended: .done, next: "perform-check")]
        }
        successes = countsAnew ? 1 : successes + 1
        countsAnew = false
        return []
    }
}
