// SPDX-License-Identifier: Apache-2.0

/// What is known of tasks from their earlier events: most events carry the task's identifier and nothing else.
struct TaskMemory: Sendable {
    /// What the metrics need to know of a task.
    struct Facts: Sendable, Equatable {
        /// Its name.
        var name: String?
        /// The queue it was sent to.
        var queue: String?
        /// When it was sent, in seconds since 1970.
        var sent: Double?
        /// When it may run at the earliest, in seconds since 1970.
        var earliest: Double?
    }

    private let capacity: Int
    private var tasks: [String: Facts] = [:]
    /// The identifiers in the order they came, a ring of the capacity's size.
    private var order: [String] = []
    private var next = 0

    /// Creates a memory for so many tasks; the oldest is forgotten for a new one.
    init(capacity: Int = 10_000) {
        self.capacity = max(1, capacity)
    }

    /// What is known of a task, with what an event adds.
    mutating func learn(_ uuid: String, from event: CeleryEvent) -> Facts {
        var facts = tasks[uuid] ?? begin(uuid)
        if let name = event.name { facts.name = name }
        if let queue = event.queue { facts.queue = queue }
        if let eta = event.eta { facts.earliest = EarliestStart.read(eta) }
        if event.type == "task-sent" { facts.sent = event.timestamp }
        tasks[uuid] = facts
        return facts
    }

    private mutating func begin(_ uuid: String) -> Facts {
        if order.count < capacity {
            order.append(uuid)
        } else {
            tasks[order[next]] = nil
            order[next] = uuid
            next = (next + 1) % capacity
        }
        return Facts()
    }
}
