// SPDX-License-Identifier: Apache-2.0
import MetricsText

/// What the broker says of its queues at one moment.
struct QueueFacts: Sendable, Equatable {
    /// How many messages wait, by queue.
    var lengths: [String: Int] = [:]
    /// How many messages workers hold that they have not finished: running, or waiting for their time.
    var unacknowledged = 0
    /// What workers said of themselves; nil where none listens to remote control.
    var report: WorkerReport?

    /// The families.
    ///
    /// - Parameters:
    ///   - naming: The names.
    ///   - liveWorkers: How many workers send heartbeats; without a report each is taken to serve every queue.
    /// - Returns: One family for each thing known.
    func families(_ naming: MetricNaming, liveWorkers: Int) -> [MetricFamily] {
        func counts(_ byQueue: [String: Int]) -> [String: Int] {
            Dictionary(uniqueKeysWithValues: lengths.keys.map { ($0, byQueue[$0] ?? 0) })
        }
        let workers = report.map { counts($0.workersByQueue) } ?? lengths.mapValues { _ in liveWorkers }
        var families = [
            naming.queues("queue_length", "The number of message in broker queue.", lengths),
            naming.queues("active_worker_count", "The number of active workers in broker queue.", workers),
            naming.broker(
                "unacknowledged_messages",
                "The number of messages that workers hold and have not finished.",
                unacknowledged
            ),
        ]
        // Workers that do not answer have processes nobody can count; where there are none, there is nothing to count.
        if report != nil || liveWorkers == 0 {
            let processes = counts(report?.processesByQueue ?? [:])
            families.append(
                naming.queues(
                    "active_process_count",
                    "The number of active processes in broker queue.",
                    processes
                )
            )
        }
        return families
    }

    /// The queue of a member of a binding's set: routing key, pattern and queue, separated by two control characters.
    static func queue(ofBinding member: [UInt8]) -> String? {
        var fields: [[UInt8]] = [[]]
        var place = 0
        while place < member.count {
            if place + 1 < member.count, member[place] == 0x06, member[place + 1] == 0x16 {
                fields.append([])
                place += 2
            } else {
                fields[fields.count - 1].append(member[place])
                place += 1
            }
        }
        guard fields.count == 3, !fields[2].isEmpty else { return nil }
        let name = String(decoding: fields[2], as: UTF8.self)
        // These belong to the event stream and to remote control, not to tasks.
        return name.hasPrefix("celeryev") || name.hasSuffix(".pidbox") ? nil : name
    }
}
