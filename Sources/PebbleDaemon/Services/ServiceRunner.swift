// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import NIOCore
import PebblePlan

/// One service: its machine, and the process, timer and waiters the machine's effects are about.
///
/// Belongs to the supervisor and is touched by nobody else.
final class ServiceRunner {
    var machine: ServiceMachine
    let log: ServiceLog
    var process: ServiceProcess?
    var timer: Scheduled<Void>?
    var startWaiter: CheckedContinuation<TaskOutcome, Never>?
    var stopWaiters: [CheckedContinuation<TaskOutcome, Never>] = []
    /// A process group whose leader ended and of which others may be left.
    var leftoverGroup: ProcessID?
    /// Since when it has not been running, by a clock that nobody can set; nil while it is, or has never been.
    private(set) var restsSince: ContinuousClock.Instant?

    init(name: String, log: ServiceLog) {
        machine = ServiceMachine(name: name)
        self.log = log
    }

    /// To be called after each event.
    func noteWhetherAtRest() {
        guard machine.isAtRest, machine.phase != .neverStarted else { return restsSince = nil }
        if restsSince == nil { restsSince = .now }
    }

    /// Forgets that the service ever ran, and what it wrote.
    func forget() {
        guard machine.isAtRest else { return }
        machine = ServiceMachine(name: machine.name)
        restsSince = nil
        log.clear()
    }
}

/// A process of a service, from its start until it has ended and its output is read.
struct ServiceProcess {
    let child: ChildProcess
    let startedAt = ContinuousClock.now
    var exit: ProcessExit?
    var isOutputEnded = false
    /// Ends the wait for output that others keep open.
    var outputTimer: Scheduled<Void>?

    init(child: ChildProcess) {
        self.child = child
    }
}
