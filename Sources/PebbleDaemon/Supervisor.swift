// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport
import NIOCore
import NIOPosix
import PebbleAPI
import PebblePlan

/// The daemon's one mind: every decision and every piece of state is its.
///
/// It runs on an event loop, the same that serves the connections, so that a request needs no change of thread and
/// what happens to processes, timers and clients happens in one order. What blocks (files, the disk) is done on
/// threads, what floods (the output of services) on other loops. The decisions themselves are values without
/// effects (``ServiceMachine``, ``CheckMachine``, ``ReplanDecision``, ``ChangeRules``); here are the effects.
actor Supervisor {
    /// What the supervisor needs from outside.
    struct Surroundings: Sendable {
        var loop: any EventLoop
        /// Where pipes are read, so that the supervisor's loop stays free.
        var outputLoop: any EventLoop
        var reaper: ProcessReaper
        var accounts: Accounts
        var environment: [String: String]
        var now: @Sendable () -> Timestamp
        var jitter: @Sendable () -> Double
        var log: DaemonLog
        /// Changes with each boot of the machine, and so says whether a process number is still worth anything.
        var machineBootID: String
        /// Whether the process is the daemon's, its memory included.
        var ownsProcess = false
        /// Gets the output of services as it comes, under `--verbose`.
        var copyOutput: (@Sendable (String, LogRing.Line) -> Void)?
        var forwarding = ForwardingTiming()
        /// How much history is kept.
        var limits = StateLimits()
        /// How long the client of a command has to connect.
        var execPatience = Duration.seconds(5)
        /// For checks and log targets that are asked over TLS.
        var tls = TLSClient()
        /// Called once when a service or check wants the daemon to end.
        var shutDown: @Sendable (ShutdownReason) -> Void
    }

    nonisolated let surroundings: Surroundings
    nonisolated let bootID: String
    nonisolated let serverVersion: String
    private nonisolated let executor: any SerialExecutor
    private nonisolated let taskExecutor: LoopTaskExecutor

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    nonisolated var loop: any EventLoop { surroundings.loop }

    // State: `Supervisor+State.swift`.
    var document = StateDocument()
    var store: StateStore?
    var unsaved: [StateRecord] = []
    var isSaveScheduled = false
    /// Why the state on disk is behind; nil while it is not.
    var saveFailure: String?
    var changeWaiters: [String: [Int: CheckedContinuation<Void, Never>]] = [:]
    var noticeWaiters: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextWaiter = 0
    var lastNoticeTime = Timestamp(seconds: 0)
    var laneTasks: [String: Task<Void, Never>] = [:]
    // Plan: `Supervisor+Plan.swift`.
    var layers: [Layer] = []
    var plan = Plan() { didSet { servicesReply = nil } }
    // Services: `Supervisor+Services.swift`.
    var runners: [String: ServiceRunner] = [:]
    /// What is answered to who asks for all services, as long as it holds.
    var servicesReply: APIResponse?
    var isShuttingDown = false
    var followers: [Int: LogFollowing] = [:]
    // Log targets: `Supervisor+Forwarding.swift`.
    var forwarders: [String: LogForwarder] = [:]
    // Checks: `Supervisor+Checks.swift`.
    var checks: [String: CheckRunner] = [:]
    // Exec: `Supervisor+Exec.swift`.
    var execSessions: [String: ExecSession] = [:]
    // Upkeep: `Supervisor+Upkeep.swift`.
    var upkeep: Scheduled<Void>?
    var watchdog: Scheduled<Void>?
    var httpAddress: String?
    var httpsAddress: String?
    // Memory: `Supervisor+Rest.swift`.
    var restDue: NIODeadline?
    var restTimer: Scheduled<Void>?

    init(surroundings: Surroundings, bootID: String, version: String) {
        self.surroundings = surroundings
        self.bootID = bootID
        serverVersion = version
        executor = surroundings.loop.executor
        taskExecutor = LoopTaskExecutor(surroundings.loop)
    }

    var now: Timestamp { surroundings.now() }

    /// Begins something that takes its time, all of it on the supervisor's loop.
    @discardableResult
    nonisolated func startTask(
        _ body: @escaping @Sendable (isolated Supervisor) async -> Void
    ) -> Task<Void, Never> {
        Task(executorPreference: taskExecutor) { await body(self) }
    }

    /// Has something done later, on the supervisor.
    func schedule(
        in delay: Duration,
        _ body: @escaping @Sendable (isolated Supervisor) -> Void
    ) -> Scheduled<Void> {
        loop.scheduleTask(in: TimeAmount(delay.countable)) { self.assumeIsolated { body($0) } }
    }

    /// Has something done on the supervisor, from any thread, in the order of the calls of each.
    nonisolated func perform(_ body: @escaping @Sendable (isolated Supervisor) -> Void) {
        loop.execute { self.assumeIsolated { body($0) } }
    }
}
