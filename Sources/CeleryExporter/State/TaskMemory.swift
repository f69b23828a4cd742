// SPDX-License-Identifier: Apache-2.0

/// What is known of tasks from their earlier events: most events carry the task's identifier and nothing else.
///
/// A broker may have thousands of tasks under way, so each costs some dozen bytes: names and queues, of which there are
/// few, are kept once, identifiers as the numbers they are.
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

    /// A task's identifier: nearly always a UUID.
    private enum Key: Hashable, Sendable {
        case uuid(UInt64, UInt64)
        case other(String)

        init(_ text: String) {
            self = Self.uuid(text) ?? .other(text)
        }

        private static func uuid(_ text: String) -> Key? {
            guard text.utf8.count == 36 else { return nil }
            var (high, low, digits) = (UInt64(0), UInt64(0), 0)
            for (place, byte) in text.utf8.enumerated() {
                if [8, 13, 18, 23].contains(place) {
                    guard byte == UInt8(ascii: "-") else { return nil }
                    continue
                }
                let digit: UInt8
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
                // Only as Python writes them: another spelling is another identifier.
                case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
                default: return nil
                }
                if digits < 16 { high = high << 4 | UInt64(digit) } else { low = low << 4 | UInt64(digit) }
                digits += 1
            }
            return .uuid(high, low)
        }
    }

    private struct Entry: Sendable {
        var name: Int32 = -1
        var queue: Int32 = -1
        var sent = Double.nan
        var earliest = Double.nan
    }

    private let capacity: Int
    private var tasks: [Key: Entry] = [:]
    /// The identifiers in the order they came, a ring of the capacity's size.
    private var order: [Key] = []
    private var next = 0
    private var words: [String] = []
    private var numbers: [String: Int32] = [:]

    /// Creates a memory for so many tasks; the oldest is forgotten for a new one.
    init(capacity: Int = 10_000) {
        self.capacity = max(1, capacity)
    }

    /// What is known of a task, with what an event adds; a task that succeeded is forgotten, as nothing comes after.
    mutating func learn(_ uuid: String, from event: CeleryEvent) -> Facts {
        let key = Key(uuid)
        let isOver = event.type == "task-succeeded"
        let known = tasks[key]
        if known == nil, !isOver { begin(key) }
        var entry = known ?? Entry()
        if let name = event.name { entry.name = number(of: name) }
        if let queue = event.queue { entry.queue = number(of: queue) }
        if let eta = event.eta { entry.earliest = EarliestStart.read(eta) ?? .nan }
        if event.type == "task-sent" { entry.sent = event.timestamp ?? .nan }
        tasks[key] = isOver ? nil : entry
        return Facts(
            name: event.name ?? word(entry.name),
            queue: event.queue ?? word(entry.queue),
            sent: entry.sent.isNaN ? nil : entry.sent,
            earliest: entry.earliest.isNaN ? nil : entry.earliest
        )
    }

    private mutating func begin(_ key: Key) {
        if order.count < capacity {
            order.append(key)
        } else {
            tasks[order[next]] = nil
            order[next] = key
            next = (next + 1) % capacity
        }
    }

    private mutating func number(of word: String) -> Int32 {
        if let number = numbers[word] { return number }
        // Names come from whoever may send events: so many different ones are no application's.
        guard words.count < 10_000 else { return -1 }
        let number = Int32(words.count)
        words.append(word)
        numbers[word] = number
        return number
    }

    private func word(_ number: Int32) -> String? { number < 0 ? nil : words[Int(number)] }
}
