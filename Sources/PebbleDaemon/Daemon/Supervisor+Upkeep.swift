// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PebbleAPI

// What is done now and then, for as long as the daemon runs.
extension Supervisor {
    /// Forgets what is too old or too much, at the start and every ten minutes.
    func keepTidy() {
        guard !isShuttingDown else { return }
        let now = now
        let limits = surroundings.limits
        for change in document.changes.values where document.isForgotten(change, now: now, limits: limits) {
            // Nobody will ever finish it.
            _ = try? abort(change.id)
        }
        document.prune(now: now, limits: limits)
        forgetInactiveServices(limits)
        upkeep = schedule(in: limits.interval) { $0.keepTidy() }
    }

    /// Forgets that services ran, and what they wrote, that have not been running for long.
    private func forgetInactiveServices(_ limits: StateLimits) {
        let now = ContinuousClock.now
        let inactive = runners.compactMapValues { runner in runner.restsSince.map { now - $0 } }
        for name in limits.forgotten(inactive) { runners[name]?.forget() }
        servicesReply = nil
    }

    /// Tells the service manager above, at half the intervals it asks for, that this loop still turns.
    func reportAlive(_ environment: [String: String]) {
        guard let interval = ManagerEnvironment.watchdogInterval(environment) else { return }
        let notifier = SystemNotifier(socketPath: environment["NOTIFY_SOCKET"])
        notifier.send("WATCHDOG=1", isPatient: false)
        watchdog = schedule(in: interval / 2) { $0.reportAlive(environment) }
    }

    /// Ends all that; the last thing before the state is written.
    func endUpkeep() {
        upkeep?.cancel()
        watchdog?.cancel()
    }
}
