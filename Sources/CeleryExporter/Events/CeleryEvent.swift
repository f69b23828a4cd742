// SPDX-License-Identifier: Apache-2.0

/// One event of Celery's event stream, with the fields the metrics need.
struct CeleryEvent: Sendable, Equatable {
    /// What happened, such as `task-received`.
    let type: String
    /// Who says so: `celery@host` for a worker, `gen42@host` for a process that sends tasks.
    let hostname: String
    /// When, in seconds since 1970.
    var timestamp: Double?
    /// The task's identifier.
    var uuid: String?
    /// The task's name; only some events have it.
    var name: String?
    /// The queue a task was sent to.
    var queue: String?
    /// When the task may run at the earliest.
    var eta: String?
    /// How long the task ran, in seconds.
    var runtime: Double?
    /// The exception's representation, such as `ValueError('x')`.
    var exception: String?
    /// How many tasks a worker is running.
    var active: Int?
}

extension CeleryEvent {
    /// Reads an event.
    ///
    /// - Parameter reader: Where it comes next.
    /// - Returns: The event; nil where the value is none, and passed over.
    /// - Throws: `JSONReader.Malformed` where there is no value at all.
    static func read(_ reader: inout JSONReader) throws(JSONReader.Malformed) -> CeleryEvent? {
        guard try reader.kind() == .object else {
            try reader.skip()
            return nil
        }
        var fields = Fields()
        try reader.object { reader, name throws(JSONReader.Malformed) in try fields.read(name, &reader) }
        return fields.whole
    }

    private struct Fields {
        var type: String?
        var hostname: String?
        var event = CeleryEvent(type: "", hostname: "")
        var isGood = true

        mutating func read(_ name: String, _ reader: inout JSONReader) throws(JSONReader.Malformed) {
            switch name {
            case "type": type = try text(&reader)
            case "hostname": hostname = try text(&reader)
            case "uuid": event.uuid = try text(&reader)
            case "name": event.name = try text(&reader)
            case "queue": event.queue = try text(&reader)
            case "eta": event.eta = try text(&reader)
            case "exception": event.exception = try text(&reader)
            case "timestamp": event.timestamp = try number(&reader)
            case "runtime": event.runtime = try number(&reader)
            case "active":
                let number = try number(&reader)
                event.active = number.flatMap { Int(exactly: $0) }
                if number != nil, event.active == nil { isGood = false }
            default: try reader.skip()
            }
        }

        private mutating func text(_ reader: inout JSONReader) throws(JSONReader.Malformed) -> String? {
            if try reader.kind() == .string { return try reader.string() }
            try pass(&reader)
            return nil
        }

        private mutating func number(_ reader: inout JSONReader) throws(JSONReader.Malformed) -> Double? {
            if try reader.kind() == .number { return try reader.number() }
            try pass(&reader)
            return nil
        }

        /// Passes over a value that should have been another, or nothing.
        private mutating func pass(_ reader: inout JSONReader) throws(JSONReader.Malformed) {
            if try reader.kind() != .null { isGood = false }
            try reader.skip()
        }

        /// The event, if it is whole.
        var whole: CeleryEvent? {
            guard isGood, let type, let hostname else { return nil }
            return CeleryEvent(
                type: type,
                hostname: hostname,
                timestamp: event.timestamp,
                uuid: event.uuid,
                name: event.name,
                queue: event.queue,
                eta: event.eta,
                runtime: event.runtime,
                exception: event.exception,
                active: event.active
            )
        }
    }
}
