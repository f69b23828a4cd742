// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import NIOCore

extension Supervisor {
    /// How long after something was done the daemon looks back at what it cost.
    private static let restDelay = Duration.seconds(10)

    /// Gives memory back in a while, after a request.
    ///
    /// Once for all that is done in between, so that a busy daemon pays next to nothing for it, and an idle one sleeps.
    func restSoon() {
        // Nothing is ever to happen later than that.
        if restDue == nil { rest(in: Self.restDelay) }
    }

    /// Gives memory back in a while, unless that is to happen sooner in any case.
    ///
    /// A daemon that is only a part of its process leaves the process's memory alone.
    func rest(in delay: Duration) {
        guard surroundings.ownsProcess else { return }
        let due = NIODeadline.now() + TimeAmount(delay)
        if let restDue, restDue <= due { return }
        restTimer?.cancel()
        restDue = due
        restTimer = loop.scheduleTask(deadline: due) {
            self.assumeIsolated { $0.restDue = nil }
            ProcessMemory.giveBack()
        }
    }
}
