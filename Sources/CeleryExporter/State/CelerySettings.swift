// SPDX-License-Identifier: Apache-2.0

/// How the metrics are to be, by the command line.
struct CelerySettings: Sendable, Equatable {
    /// The bounds Prometheus' Python library uses.
    static let standardBuckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
    /// The bounds for waits: a backlog reaches minutes.
    static let standardWaitBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800]

    /// The bounds of the runtime histogram.
    var buckets = CelerySettings.standardBuckets
    /// The bounds of the queue wait histogram.
    var waitBuckets = CelerySettings.standardWaitBuckets
    /// How long a worker may be silent before it counts as down; zero for ever.
    var workerTimeout: Duration = .seconds(300)
    /// How long a worker may be silent before its series go; zero for ever.
    var purgeAfter: Duration = .seconds(600)
    /// Whether senders' hosts are replaced by `generic`.
    var genericSentHost = false
    /// Whether workers' hosts are replaced by `generic` in the metrics of tasks.
    var genericWorkerHost = false
    /// The queues that are shown before any worker was seen on them.
    var queues: [String] = []
    /// What every metric's name begins with.
    var prefix = "celery_"
    /// The queue of tasks whose sending was not seen.
    var defaultQueue = "celery"
    /// Labels every metric has.
    var staticLabels: [String: String] = [:]
    /// What every key and channel of the broker begins with.
    var keyPrefix = ""
}
