// SPDX-License-Identifier: Apache-2.0
import MetricsText

/// What the events have told so far: events and times in, families out.
struct CeleryState: Sendable {
    /// A worker, by the host its name ends in.
    private struct Worker: Sendable {
        var lastSeen: Duration
        var forgotten = false
    }

    private let naming: MetricNaming
    private let settings: CelerySettings
    private var store = MetricStore()
    private var tasks = TaskMemory()
    private var workers: [String: Worker] = [:]
    /// The live workers by their whole names: several may share a host.
    private var nodes: [String: Duration] = [:]
    private var counted: [EventError: Int] = [:]
    /// The queues that tasks were sent to; so many and no more, whatever is sent.
    private(set) var queues: Set<String> = []
    private var eventCount = 0

    init(settings: CelerySettings) {
        self.settings = settings
        naming = MetricNaming(settings)
    }

    /// Takes one message of the event exchange.
    mutating func receive(_ payload: [UInt8], now: Duration) {
        do {
            for event in try EventMessage.events(payload) {
                if let event {
                    apply(event, now: now)
                } else {
                    counted[.malformedEvent, default: 0] += 1
                }
            }
        } catch {
            counted[error, default: 0] += 1
        }
    }

    /// Takes one event.
    mutating func apply(_ event: CeleryEvent, now: Duration) {
        eventCount += 1
        if let counter = TaskCounter(rawValue: event.type) {
            guard let uuid = event.uuid else {
                counted[.missingTask, default: 0] += 1
                return
            }
            if let queue = event.queue, queues.count < 1000 { queues.insert(queue) }
            count(event, counter, tasks.learn(uuid, from: event))
        } else if event.type == "worker-offline" {
            nodes[event.hostname] = nil
            forget(NodeName.host(of: event.hostname))
        } else if event.type == "worker-online" || event.type == "worker-heartbeat" {
            let host = NodeName.host(of: event.hostname)
            nodes[event.hostname] = now
            workers[host] = Worker(lastSeen: now)
            set(naming.workerUp(host), 1)
            if event.type == "worker-heartbeat" { set(naming.workerActive(host), Double(event.active ?? 0)) }
        }
    }

    /// Marks workers down that have been silent for too long, and later forgets them.
    mutating func ageWorkers(now: Duration) {
        for (host, worker) in workers {
            let silence = now - worker.lastSeen
            if settings.workerTimeout > .zero, silence > settings.workerTimeout, !worker.forgotten { forget(host) }
            if settings.purgeAfter > .zero, silence > settings.purgeAfter {
                store.removeAll { _, labels in labels["hostname"] == host }
                workers[host] = nil
            }
        }
        if settings.workerTimeout > .zero {
            nodes = nodes.filter { now - $0.value <= settings.workerTimeout }
        }
    }

    /// Everything there is to scrape.
    ///
    /// - Parameter queues: What the broker says of its queues; nil where it could not be asked.
    /// - Returns: The families.
    func families(queues: QueueFacts?) -> [MetricFamily] {
        var families = store.snapshot()
        if let queues { families += queues.families(naming, liveWorkers: nodes.count) }
        var errors = MetricFamily(
            "celery_exporter_event_errors_total",
            .counter,
            help: "Messages and events that were not understood, by reason."
        )
        for reason in EventError.allCases { errors.append(Double(counted[reason] ?? 0), ["reason": reason.rawValue]) }
        families.append(errors)
        families.append(
            MetricFamily(
                "celery_exporter_events_total",
                .counter,
                help: "Events received.",
                value: Double(eventCount)
            )
        )
        return families
    }

    private mutating func count(_ event: CeleryEvent, _ counter: TaskCounter, _ facts: TaskMemory.Facts) {
        let host = NodeName.host(of: event.hostname)
        let labels = naming.task(facts, host: host, from: counter)
        for other in TaskCounter.allCases {
            var own = labels
            if other == .failed {
                own.set("exception", to: other == counter ? ExceptionName.read(event.exception) : "")
            }
            if other == counter {
                add(naming.counter(other, own), 1)
            } else if other != .sent {
                // The others appear as zeros, so that a rate sees the first of each. Not so what is sent: its host is
                // the sender's, and there may be many of those.
                add(naming.counter(other, own), 0)
            }
        }
        if counter == .started, let sent = facts.sent, let started = event.timestamp {
            // A task that was not to run yet did not wait until then; clocks that differ must not make waits negative.
            observe(naming.queueWait(labels), max(0, started - max(sent, facts.earliest ?? sent)))
        }
        if counter == .succeeded, let runtime = event.runtime, runtime.isFinite {
            observe(naming.runtime(labels), runtime)
        }
    }

    private mutating func forget(_ host: String) {
        guard workers[host] != nil else { return }
        set(naming.workerUp(host), 0)
        set(naming.workerActive(host), 0)
        workers[host]?.forgotten = true
        if settings.purgeAfter == .zero { workers[host] = nil }
    }

    // A conflict is impossible below: every name comes from `MetricNaming`, which gives each one type.

    private mutating func set(_ metric: MetricNaming.Metric, _ value: Double) {
        if let id = try? series(metric) { store[id] = .number(value) }
    }

    private mutating func add(_ metric: MetricNaming.Metric, _ value: Double) {
        if let id = try? series(metric) { store.add(value, to: id) }
    }

    private mutating func observe(_ metric: MetricNaming.Metric, _ value: Double) {
        if let id = try? series(metric) { store.observe(value, in: id) }
    }

    private mutating func series(_ metric: MetricNaming.Metric) throws(MetricConflict) -> MetricStore.SeriesID {
        try store.series(
            metric.name,
            metric.type,
            help: metric.help,
            labels: metric.labels,
            startingAt: metric.initial
        )
    }
}

/// The events of a task that are counted; the raw values are the events' types.
enum TaskCounter: String, Sendable, CaseIterable {
    case sent = "task-sent"
    case received = "task-received"
    case started = "task-started"
    case succeeded = "task-succeeded"
    case failed = "task-failed"
    case rejected = "task-rejected"
    case revoked = "task-revoked"
    case retried = "task-retried"
}

/// Names of workers and clients: `celery@host`.
enum NodeName {
    /// The host's part; the whole name where it has no other.
    static func host(of name: String) -> String {
        guard let at = name.firstIndex(of: "@") else { return name }
        return String(name[name.index(after: at)...])
    }
}

/// Exceptions as events show them: `ValueError('x')`.
enum ExceptionName {
    /// The class's name, or `UnknownException`.
    static func read(_ representation: String?) -> String {
        let text = representation ?? ""
        let name = text.prefix { $0 == "_" || $0.isLetter || $0.isNumber }
        return name.isEmpty || text[name.endIndex...].first != "(" ? "UnknownException" : String(name)
    }
}
