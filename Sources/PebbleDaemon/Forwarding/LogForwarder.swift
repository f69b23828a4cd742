// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PebbleAPI
import PebblePlan
import Synchronization

/// What became of the lines for a log target so far.
struct ForwardingCounts: Equatable, Sendable {
    var sent = 0
    /// Overwritten before they could be sent, refused, or left over at the end.
    var lost = 0
}

/// Sends the output of services to one log target.
///
/// It keeps nothing of its own but the batch it is sending: what waits is in the services' own bounded logs, so a
/// target that is away costs no memory and never slows a service down. What a service overwrites meanwhile is lost,
/// and counted, by its position.
actor LogForwarder {
    /// What to send where.
    struct Configuration: Sendable {
        var target: LogTarget
        var destination: any LogDestination
        /// The services it takes that have been started, and their labels.
        var logs: [ServiceLog]
        var labels: [String: [String: String]]
    }

    private struct Feed {
        var log: ServiceLog
        /// The next line to take.
        var position: Int
        var listener: Int?
    }

    private enum Wait {
        case forLines
        case forBatch
        case forRetry
    }

    /// As many at once, and no more wait for others.
    private static let trigger = 100
    /// More at once when they have piled up.
    private static let largestBatch = 1000

    nonisolated let name: String
    private nonisolated let loop: any EventLoop
    private nonisolated let executor: any SerialExecutor
    private nonisolated let counted = Mutex(ForwardingCounts())
    private let timing: ForwardingTiming
    private let note: @Sendable (String) -> Void

    private var configuration: Configuration
    private var feeds: [String: Feed] = [:]
    private var waiter: (kind: Wait, continuation: CheckedContinuation<Void, Never>)?
    private var worker: Task<Void, Never>?
    private var isWorking = false
    private var endWaiter: CheckedContinuation<Void, Never>?
    /// How many lines are being sent.
    private var inFlight = 0
    private var isEnding = false
    private var isOver = false
    private var lastComplaint: ContinuousClock.Instant?
    private var isFailing = false
    /// Whether news of lines is on its way already; writers are too many to send word of each.
    private nonisolated let isTold = Atomic(false)

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    nonisolated var counts: ForwardingCounts { counted.withLock { $0 } }

    init(
        loop: any EventLoop,
        configuration: Configuration,
        timing: ForwardingTiming,
        note: @escaping @Sendable (String) -> Void
    ) {
        self.loop = loop
        executor = loop.executor
        name = configuration.target.name
        self.configuration = configuration
        self.timing = timing
        self.note = note
    }

    // MARK: - From outside

    /// Takes up, or changes, what is sent where.
    ///
    /// Calls are done in their order.
    nonisolated func follow(_ configuration: Configuration) {
        loop.execute { self.assumeIsolated { $0.adopt(configuration) } }
    }

    /// Sends what there is and ends, within the time that is allowed for it.
    func finish() async {
        isEnding = true
        wake(.forLines, .forBatch, .forRetry)
        if isWorking {
            let timer = loop.scheduleTask(in: TimeAmount(timing.ending)) { self.assumeIsolated { $0.giveUp() } }
            await withCheckedContinuation { endWaiter = $0 }
            timer.cancel()
        }
        for feed in feeds.values { if let listener = feed.listener { feed.log.removeListener(listener) } }
        lose(pending, "were left when it ended")
        await configuration.destination.close()
    }

    /// Waits no longer for what is being sent, which may be on its way to an address that never answers.
    private func giveUp() {
        isOver = true
        lose(inFlight, "were left when it ended")
        inFlight = 0
        worker?.cancel()
        wake(.forLines, .forBatch, .forRetry)
        workEnded()
    }

    private func workEnded() {
        isWorking = false
        endWaiter?.resume()
        endWaiter = nil
    }

    private func adopt(_ new: Configuration) {
        guard !isEnding else { return }
        let old = configuration
        let isElsewhere = old.target.type != new.target.type || old.target.location != new.target.location
        configuration = new
        if isElsewhere {
            isFailing = false
            Task { await old.destination.close() }
        } else {
            // The connection there is goes on being used.
            configuration.destination = old.destination
        }
        let wanted = Set(new.logs.map(\.service))
        for (service, feed) in feeds where !wanted.contains(service) {
            if let listener = feed.listener { feed.log.removeListener(listener) }
            feeds[service]?.listener = nil
        }
        for log in new.logs where feeds[log.service]?.listener == nil {
            // One that comes back goes on where it was left: what was sent is not sent again.
            let position = feeds[log.service]?.position ?? log.positions.first
            let listener = log.addListener { [weak self] in self?.tell() }
            feeds[log.service] = Feed(log: log, position: position, listener: listener)
        }
        if worker == nil {
            isWorking = true
            worker = Task {
                await run()
                workEnded()
            }
        }
        wake(.forLines)
        if isElsewhere { wake(.forRetry) }
    }

    /// A line was written, on whatever thread.
    private nonisolated func tell() {
        guard isTold.exchange(true, ordering: .acquiringAndReleasing) == false else { return }
        loop.execute {
            self.assumeIsolated { forwarder in
                forwarder.isTold.store(false, ordering: .releasing)
                if forwarder.pending >= Self.trigger { forwarder.wake(.forBatch) }
                forwarder.wake(.forLines)
            }
        }
    }

    // MARK: - Sending

    private var pending: Int {
        var count = 0
        for feed in feeds.values where feed.listener != nil {
            count += max(0, feed.log.positions.end - feed.position)
        }
        return count
    }

    private func run() async {
        while !isOver {
            guard pending > 0 else {
                if isEnding { return }
                await pause(.forLines, nil)
                continue
            }
            if pending < Self.trigger, !isEnding { await pause(.forBatch, timing.collecting) }
            await deliver(take())
        }
    }

    /// Takes the next lines, a fair share of each service, in the order of time.
    private func take() -> [LogEntry] {
        let active = feeds.filter { $0.value.listener != nil }.keys.sorted()
        let share = max(1, Self.largestBatch / max(1, active.count))
        var entries: [LogEntry] = []
        for service in active {
            guard let feed = feeds[service] else { continue }
            let (lines, next) = feed.log.lines(from: feed.position, limit: share)
            let overwritten = next - lines.count - feed.position
            lose(overwritten, "of service \"\(service)\" were overwritten before they could be sent")
            feeds[service]?.position = next
            entries += lines.map { LogEntry(time: $0.time, service: service, text: $0.bytes) }
        }
        guard active.count > 1 else { return entries }
        let ordered = entries.enumerated().sorted { left, right in
            (left.element.time, left.offset) < (right.element.time, right.offset)
        }
        return ordered.map(\.element)
    }

    private func deliver(_ entries: [LogEntry]) async {
        var rest = entries[...]
        var delay = timing.firstRetry
        while !rest.isEmpty {
            let batch = LogBatch(entries: Array(rest), labels: configuration.labels)
            inFlight = rest.count
            let delivery = await configuration.destination.send(batch)
            // Given up meanwhile, and counted as lost.
            if isOver { return }
            inFlight = 0
            switch delivery {
            case .taken:
                succeeded(rest.count)
                return
            case .refused(let reason):
                lose(rest.count, "were refused: \(reason)")
                return
            case .unavailable(let reason, let delivered, let retryAfter):
                counted.withLock { $0.sent += delivered }
                rest = rest.dropFirst(delivered)
                complain(reason)
                inFlight = rest.count
                await pause(.forRetry, max(delay, retryAfter ?? .zero))
                if isOver { return }
                delay = min(delay * 2, timing.longestRetry)
            }
        }
    }

    private func succeeded(_ count: Int) {
        counted.withLock { $0.sent += count }
        if isFailing { note("Log target \"\(name)\" takes lines again (\(counts.lost) lost so far)") }
        isFailing = false
    }

    private func lose(_ count: Int, _ reason: String) {
        guard count > 0 else { return }
        let total = counted.withLock { counts in
            counts.lost += count
            return counts.lost
        }
        guard isTimeToComplain else { return }
        note("Log target \"\(name)\": \(count) lines \(reason) (\(total) lost so far)")
    }

    private func complain(_ reason: String) {
        defer { isFailing = true }
        guard isTimeToComplain || !isFailing else { return }
        note("Cannot send logs to target \"\(name)\", trying again: \(reason)")
    }

    /// Not each time: a target that is away for a day would fill the daemon's log.
    private var isTimeToComplain: Bool {
        let now = ContinuousClock.now
        if let lastComplaint, now - lastComplaint < timing.complaint { return false }
        lastComplaint = now
        return true
    }

    // MARK: - Waiting

    private func pause(_ kind: Wait, _ time: Duration?) async {
        guard !isOver else { return }
        let timer = time.map { time in
            loop.scheduleTask(in: TimeAmount(time)) { self.assumeIsolated { $0.wake(kind) } }
        }
        await withCheckedContinuation { waiter = (kind, $0) }
        timer?.cancel()
    }

    private func wake(_ kinds: Wait...) {
        guard let waiter, kinds.contains(waiter.kind) else { return }
        self.waiter = nil
        waiter.continuation.resume()
    }
}
