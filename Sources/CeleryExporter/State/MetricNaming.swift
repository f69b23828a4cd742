// SPDX-License-Identifier: Apache-2.0
import MetricsText

/// The names, labels and help texts of danihodovic/celery-exporter.
struct MetricNaming: Sendable {
    /// One series, ready to be found or begun.
    struct Metric: Sendable {
        let name: String
        let type: MetricType
        let help: String
        let labels: LabelSet
        let initial: MetricValue
    }

    private let settings: CelerySettings

    init(_ settings: CelerySettings) {
        self.settings = settings
    }

    /// The labels of a task's metrics.
    func task(_ facts: TaskMemory.Facts, host: String, from counter: TaskCounter) -> LabelSet {
        let generic = counter == .sent ? settings.genericSentHost : settings.genericWorkerHost
        return labels([
            // As the original writes a name it was never told.
            "name": facts.name ?? "None",
            "hostname": generic ? "generic" : host,
            "queue_name": facts.queue ?? settings.defaultQueue,
        ])
    }

    /// The counter of one kind of event.
    func counter(_ counter: TaskCounter, _ labels: LabelSet) -> Metric {
        let (name, help) =
            switch counter {
            case .sent: ("sent", "Sent when a task message is published.")
            case .received: ("received", "Sent when the worker receives a task.")
            case .started: ("started", "Sent just before the worker executes the task.")
            case .succeeded: ("succeeded", "Sent if the task executed successfully.")
            case .failed: ("failed", "Sent if the execution of the task failed.")
            case .rejected:
                (
                    "rejected",
                    "The task was rejected by the worker, possibly to be re-queued or moved to a dead letter queue."
                )
            case .revoked: ("revoked", "Sent if the task has been revoked.")
            case .retried: ("retried", "Sent if the task failed, but will be retried in the future.")
            }
        return metric("task_\(name)_total", .counter, help, labels)
    }

    /// How long tasks ran.
    func runtime(_ labels: LabelSet) -> Metric {
        let empty = MetricValue.histogram(HistogramValue(upperBounds: settings.buckets))
        return metric("task_runtime", .histogram, "Histogram of task runtime measurements.", labels, empty)
    }

    /// How long tasks waited.
    func queueWait(_ labels: LabelSet) -> Metric {
        let empty = MetricValue.histogram(HistogramValue(upperBounds: settings.waitBuckets))
        let help =
            "Histogram of the time tasks spend waiting in the queue before being executed, excluding deliberate "
            + "ETA/countdown delay."
        return metric("task_queue_wait_time", .histogram, help, labels, empty)
    }

    /// Whether a worker lives.
    func workerUp(_ host: String) -> Metric {
        let help = "Indicates if a worker has recently sent a heartbeat."
        return metric("worker_up", .gauge, help, labels(["hostname": host]))
    }

    /// How many tasks a worker runs.
    func workerActive(_ host: String) -> Metric {
        let help = "The number of tasks the worker is currently processing"
        return metric("worker_tasks_active", .gauge, help, labels(["hostname": host]))
    }

    /// A family with a number for each queue.
    func queues(_ name: String, _ help: String, _ values: [String: Int]) -> MetricFamily {
        var family = MetricFamily(settings.prefix + name, .gauge, help: help)
        for (queue, value) in values { family.append(Double(value), labels(["queue_name": queue])) }
        return family
    }

    /// A family with one number.
    func broker(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
        var family = MetricFamily(settings.prefix + name, .gauge, help: help)
        family.append(Double(value), labels([:]))
        return family
    }

    private func labels(_ own: LabelSet) -> LabelSet {
        settings.staticLabels.reduce(into: own) { $0.set($1.key, to: $1.value) }
    }

    private func metric(
        _ name: String,
        _ type: MetricType,
        _ help: String,
        _ labels: LabelSet,
        _ initial: MetricValue = .number(0)
    ) -> Metric {
        Metric(name: settings.prefix + name, type: type, help: help, labels: labels, initial: initial)
    }
}
