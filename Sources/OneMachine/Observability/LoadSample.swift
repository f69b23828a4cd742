// SPDX-License-Identifier: Apache-2.0
import Glibc
package import MetricsText

/// What the exporters say at one moment, as far as `top` shows it; nil where nobody answers.
package struct LoadSample: Hashable, Sendable {
    package var requests: Double?
    /// Requests by upper bound of their time in seconds, cumulative.
    package var buckets: [Double: Double] = [:]
    package var busyWorkers: Double?
    package var idleWorkers: Double?
    package var waitingForWorker: Double?
    package var workerMemory: Double?
    package var tasksDone: Double?
    package var tasksRunning: Double?
    package var tasksWaiting: Double?
    package var checks: Double?
    package var failingChecks: Double?
    package var load: Double?
    package var memoryAvailable: Double?

    /// Asks the exporters.
    package static func read() -> LoadSample {
        func document(_ port: UInt16) -> MetricsDocument? {
            LoopbackPage.get("/metrics", port: port).flatMap { try? MetricsDocument($0.body) }
        }
        return LoadSample(statsd: document(9102), celery: document(9808), operator: document(OperatorMetrics.port))
    }

    package init(statsd: MetricsDocument?, celery: MetricsDocument?, operator: MetricsDocument?) {
        let pages = (statsd?.samples ?? []).filter { $0.labels["route"] != "health" }
        if statsd != nil {
            requests = pages.filter { $0.name == "nginx_request_duration_seconds_count" }.reduce(0) { $0 + $1.value }
        }
        for sample in pages where sample.name == "nginx_request_duration_seconds_bucket" {
            guard let bound = sample.labels["le"].flatMap(Self.bound) else { continue }
            buckets[bound, default: 0] += sample.value
        }
        busyWorkers = statsd?.value("uwsgi_busy_workers")
        idleWorkers = statsd?.value("uwsgi_idle_workers")
        waitingForWorker = statsd?.sum("uwsgi_socket_listen_queue")
        workerMemory = statsd?.sum("uwsgi_worker_resident_memory_bytes")
        tasksDone = celery.map { $0.sum("celery_task_succeeded_total") ?? 0 }
        tasksRunning = celery?.sum("celery_worker_tasks_active")
        tasksWaiting = celery?.sum("celery_queue_length")
        let checked = `operator`?.samples("pebble_check_up") ?? []
        if `operator` != nil {
            checks = Double(checked.count)
            failingChecks = Double(checked.count { $0.value == 0 })
        }
        load = `operator`?.value("host_load1")
        memoryAvailable = `operator`?.value("host_memory_available_bytes")
    }

    private static func bound(_ text: String) -> Double? { text == "+Inf" ? .infinity : Double(text) }

    /// The time within which a share of the requests since another sample was answered: the bound of the bucket it
    /// falls into, as there is nothing finer to know.
    package func time(ofShare share: Double, since before: LoadSample) -> Double? {
        let grown = buckets.map { ($0.key, $0.value - (before.buckets[$0.key] ?? 0)) }.sorted { $0.0 < $1.0 }
        guard let total = grown.last?.1, total > 0 else { return nil }
        return grown.first { $0.1 >= share * total }?.0
    }
}
