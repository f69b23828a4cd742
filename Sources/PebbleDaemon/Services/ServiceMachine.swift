// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import PebbleAPI
import PebblePlan

/// Why the daemon ends by itself, which its exit code tells.
enum ShutdownReason: Equatable, Sendable {
    case success
    case serviceFailure
    case checkFailure
    /// There is nothing to do until a client comes, for whom the service manager starts the daemon again.
    case standby

    var exitCode: Int32 {
        switch self {
        case .success: 0
        case .standby: 42
        case .serviceFailure: 10
        case .checkFailure: 11
        }
    }
}

/// What happens to a service.
enum ServiceEvent: Equatable, Sendable {
    case start(Service)
    case stop
    case abortStart
    case spawned
    case spawnFailed(String)
    /// After how long is measured, not the difference of two times: somebody may set the clock meanwhile.
    case exited(ProcessExit, after: Duration = .zero)
    case timerFired
    case checkFailed(ServiceAction)
}

/// What is to be done about it.
enum ServiceEffect: Equatable, Sendable {
    case spawn
    case signalGroup(Signal)
    /// Replaces the timer there is; a service has only one thing to wait for at a time.
    case setTimer(Duration)
    case cancelTimer
    case finishStart(TaskOutcome)
    case finishStop(TaskOutcome)
    case shutDown(ShutdownReason)
    case note(String)
}

/// How a task about a service ended.
enum TaskOutcome: Equatable, Sendable {
    case done
    /// There was nothing to do; the text says why.
    case nothingToDo(String)
    case failed(String)
    /// Failed, and the last lines of the service's output may tell why.
    case failedWithOutput(String)
}

/// The life of one service, as a function of what happens to it.
struct ServiceMachine: Equatable, Sendable {
    enum Phase: Equatable, Sendable {
        case neverStarted
        /// Its process is being made; `isRestart` after a back-off, when nobody waits for the outcome.
        case spawning(isRestart: Bool)
        /// Its process runs, but not long enough to call the start a success.
        case starting
        case running
        case terminating
        case killing
        case stopped
        case backoff
        case exited
    }

    static let okayDelay = Duration.seconds(1)
    /// How long after SIGKILL a process is given up.
    static let giveUpDelay = Duration.seconds(5)

    let name: String
    private(set) var phase = Phase.neverStarted
    private(set) var status = ServiceStatus.inactive
    private(set) var since: Timestamp?
    /// What the running process was started with; kept after its end.
    private(set) var config: Service?
    private(set) var startCount = 0
    private(set) var backoffDelay: Duration?
    private var startsAgainOnceStopped = false
    private var isStartAwaited = false

    init(name: String) {
        self.name = name
    }

    /// Whether a replan that changes the service has to stop it.
    var isUnderWay: Bool {
        switch phase {
        case .spawning, .starting, .running, .backoff: true
        case .neverStarted, .terminating, .killing, .stopped, .exited: false
        }
    }

    /// Whether its process has been told to end.
    var isStopping: Bool { phase == .terminating || phase == .killing }

    /// Whether it does not run, and will not by itself.
    var isAtRest: Bool {
        switch phase {
        case .neverStarted, .stopped, .exited: true
        case .spawning, .starting, .running, .terminating, .killing, .backoff: false
        }
    }

    /// Whether there is a process to signal.
    var hasProcess: Bool {
        switch phase {
        case .starting, .running, .terminating, .killing: true
        case .neverStarted, .spawning, .stopped, .backoff, .exited: false
        }
    }

    /// Takes an event and says what to do about it.
    ///
    /// `jitter` is between 0 and 1.
    mutating func handle(_ event: ServiceEvent, now: Timestamp, jitter: Double = 0) -> [ServiceEffect] {
        switch event {
        case .start(let config): start(config, now)
        case .stop: stop(now)
        case .abortStart: abortStart(now)
        case .spawned: spawned(now)
        case .spawnFailed(let reason): spawnFailed(reason, now, jitter)
        case .exited(let exit, let duration): exited(exit, after: duration, now, jitter)
        case .timerFired: timerFired(now)
        case .checkFailed(let action): checkFailed(action, now, jitter)
        }
    }

    private mutating func enter(_ phase: Phase, _ status: ServiceStatus, _ now: Timestamp) {
        self.phase = phase
        if self.status != status || since == nil { since = now }
        self.status = status
    }

    private mutating func start(_ config: Service, _ now: Timestamp) -> [ServiceEffect] {
        switch phase {
        case .spawning, .starting, .running:
            return [.finishStart(.nothingToDo("Service \"\(name)\" already started."))]
        case .terminating, .killing:
            return [.finishStart(.failed("cannot start service while terminating"))]
        case .neverStarted, .stopped, .backoff, .exited:
            self.config = config
            backoffDelay = nil
            isStartAwaited = true
            phase = .spawning(isRestart: false)
            return [.cancelTimer, .spawn]
        }
    }

    private mutating func spawned(_ now: Timestamp) -> [ServiceEffect] {
        guard case .spawning(let isRestart) = phase else { return [] }
        startCount += 1
        enter(isRestart ? .running : .starting, .active, now)
        return isRestart ? [] : [.setTimer(Self.okayDelay)]
    }

    private mutating func spawnFailed(_ reason: String, _ now: Timestamp, _ jitter: Double) -> [ServiceEffect] {
        guard case .spawning(let isRestart) = phase else { return [] }
        if isRestart {
            // The program may be in the middle of an upgrade: unlike at a start, nobody is there to try again.
            return [.note("Service \"\(name)\" cannot be restarted: \(reason)")] + backOff(now, jitter)
        }
        enter(.stopped, .inactive, now)
        return finishStart(.failed("cannot start service: \(reason)"))
    }

    private mutating func finishStart(_ outcome: TaskOutcome) -> [ServiceEffect] {
        guard isStartAwaited else { return [] }
        isStartAwaited = false
        return [.finishStart(outcome)]
    }

    private mutating func stop(_ now: Timestamp) -> [ServiceEffect] {
        switch phase {
        case .neverStarted:
            return [.finishStop(.nothingToDo("Service \"\(name)\" has never been started."))]
        case .stopped:
            return [.finishStop(.nothingToDo("Service \"\(name)\" already stopped."))]
        case .exited:
            enter(.stopped, .inactive, now)
            return [.finishStop(.nothingToDo("Service \"\(name)\" had already exited."))]
        case .backoff:
            enter(.stopped, .inactive, now)
            return [.cancelTimer, .finishStop(.done)]
        case .terminating:
            startsAgainOnceStopped = false
            return []
        case .killing:
            // Anew, as whoever asked before may have been told that the process was given up.
            startsAgainOnceStopped = false
            return [.signalGroup(.kill), .setTimer(Self.giveUpDelay)]
        case .starting, .running, .spawning:
            return finishStart(.failed("stopped before the 1s okay delay")) + terminate(now)
        }
    }

    private mutating func terminate(_ now: Timestamp) -> [ServiceEffect] {
        enter(.terminating, .inactive, now)
        return [.signalGroup(.terminate), .setTimer(config?.effectiveKillDelay ?? .seconds(5))]
    }

    private mutating func abortStart(_ now: Timestamp) -> [ServiceEffect] {
        guard phase == .starting else { return [] }
        enter(.killing, .inactive, now)
        return finishStart(.failed("start aborted, sent SIGKILL to process"))
            + [.signalGroup(.kill), .setTimer(Self.giveUpDelay)]
    }

    private mutating func timerFired(_ now: Timestamp) -> [ServiceEffect] {
        switch phase {
        case .starting:
            enter(.running, .active, now)
            return finishStart(.done)
        case .terminating:
            phase = .killing
            return [.signalGroup(.kill), .setTimer(Self.giveUpDelay)]
        case .killing:
            // Still there, in the kernel's hands. The phase stays, so that no second copy is started beside it.
            return [.finishStop(.failed("process still running after SIGTERM and SIGKILL"))]
        case .backoff:
            phase = .spawning(isRestart: true)
            return [.spawn]
        case .neverStarted, .spawning, .running, .stopped, .exited:
            return []
        }
    }

    private mutating func exited(
        _ exit: ProcessExit,
        after duration: Duration,
        _ now: Timestamp,
        _ jitter: Double
    ) -> [ServiceEffect] {
        switch phase {
        case .starting:
            let action = action(for: exit)
            let reason = "exited quickly with code \(exit.code), will \(action.rawValue)"
            return [.cancelTimer] + finishStart(.failedWithOutput("service start attempt: \(reason)"))
                + perform(action, exit, now, jitter)
        case .running:
            if let config, duration >= config.effectiveBackoffLimit { backoffDelay = nil }
            let action = action(for: exit)
            return [.note("Service \"\(name)\" stopped unexpectedly with code \(exit.code)")]
                + perform(action, exit, now, jitter)
        case .terminating, .killing:
            if startsAgainOnceStopped {
                startsAgainOnceStopped = false
                return [.cancelTimer] + backOff(now, jitter)
            }
            enter(.stopped, .inactive, now)
            return [.cancelTimer, .finishStop(.done)]
        case .neverStarted, .spawning, .stopped, .backoff, .exited:
            return []
        }
    }

    private func action(for exit: ProcessExit) -> ServiceAction {
        (exit.isSuccess ? config?.effectiveOnSuccess : config?.effectiveOnFailure) ?? .restart
    }

    private mutating func perform(
        _ action: ServiceAction,
        _ exit: ProcessExit,
        _ now: Timestamp,
        _ jitter: Double
    ) -> [ServiceEffect] {
        switch action {
        case .restart:
            return backOff(now, jitter)
        case .ignore:
            enter(.exited, exit.isSuccess ? .inactive : .error, now)
            return []
        case .shutdown, .successShutdown, .failureShutdown:
            enter(.exited, .error, now)
            let isSuccess = action == .successShutdown || (action == .shutdown && exit.isSuccess)
            return [.shutDown(isSuccess ? .success : .serviceFailure)]
        }
    }

    private mutating func backOff(_ now: Timestamp, _ jitter: Double) -> [ServiceEffect] {
        let config = config ?? Service(name: name)
        let delay = Backoff.next(after: backoffDelay, of: config)
        backoffDelay = delay
        enter(.backoff, .backoff, now)
        let wait = Backoff.jittered(delay, jitter)
        return [
            .note("Service \"\(name)\" on-failure action is \"restart\", waiting ~\(GoDuration(delay)) before restart"),
            .setTimer(wait),
        ]
    }

    private mutating func checkFailed(
        _ action: ServiceAction,
        _ now: Timestamp,
        _ jitter: Double
    ) -> [ServiceEffect] {
        guard phase == .running || phase == .backoff || phase == .exited else { return [] }
        switch action {
        case .ignore:
            return []
        case .shutdown, .successShutdown, .failureShutdown:
            return [.shutDown(action == .successShutdown ? .success : .checkFailure)]
        case .restart:
            switch phase {
            case .running:
                startsAgainOnceStopped = true
                return terminate(now)
            case .exited:
                return backOff(now, jitter)
            default:
                return []
            }
        }
    }
}
