// SPDX-License-Identifier: Apache-2.0

/// Why a message is not read as events; the raw values are the label `reason`.
enum EventError: String, Error, Sendable, CaseIterable {
    /// The envelope is not what Celery's transport writes.
    case malformedEnvelope = "malformed_envelope"
    /// The body is pickled or packed in another way that is never opened here.
    case unsupportedContent = "unsupported_content"
    /// The body is not an event or a list of events.
    case malformedEvent = "malformed_event"
    /// A task's event without the task's identifier.
    case missingTask = "missing_task"
}

/// A message of the event exchange as it comes over Redis' channels: a JSON envelope around an encoded body.
///
/// Only JSON is ever opened. A pickle can run code as it is read, so one is counted and left alone.
enum EventMessage {
    /// Reads the events of a message.
    ///
    /// - Parameter payload: The message.
    /// - Returns: Its events in order; nil for one that is none.
    /// - Throws: `EventError` where there is no event to be had.
    static func events(_ payload: [UInt8]) throws(EventError) -> [CeleryEvent?] {
        guard let envelope = MessageEnvelope(payload), let body = envelope.body else { throw .malformedEnvelope }
        guard envelope.isJSON, !envelope.isCompressed else { throw .unsupportedContent }
        do {
            return try events(in: body)
        } catch {
            throw .malformedEvent
        }
    }

    private static func events(in body: [UInt8]) throws(JSONReader.Malformed) -> [CeleryEvent?] {
        var reader = JSONReader(body[...])
        var events: [CeleryEvent?] = []
        // Workers gather several events in one message; single ones come as they are.
        if try reader.kind() == .array {
            try reader.array { reader throws(JSONReader.Malformed) in
                // One bad event must not cost the others of its list.
                events.append(try CeleryEvent.read(&reader))
            }
        } else {
            guard let event = try CeleryEvent.read(&reader) else { throw JSONReader.Malformed() }
            events.append(event)
        }
        try reader.end()
        return events
    }
}

/// What Kombu wraps around a message's body.
struct MessageEnvelope {
    /// The body, unpacked; nil where it is no base64 although it says so.
    let body: [UInt8]?
    /// The kind of the body.
    let contentType: String
    /// The ticket of the question this answers, if it is an answer.
    let ticket: String?
    /// Whether the body is compressed.
    let isCompressed: Bool

    /// Whether the body is JSON.
    var isJSON: Bool { contentType == "application/json" }

    /// Reads an envelope, or returns nil where the message is none.
    init?(_ payload: [UInt8]) {
        var reader = JSONReader(payload[...])
        var fields = Fields()
        do {
            try reader.object { reader, name throws(JSONReader.Malformed) in
                switch name {
                case "body": fields.body = try reader.string()
                case "content-type": fields.contentType = try reader.optionalString()
                case "headers": try fields.readHeaders(&reader)
                case "properties": try fields.readProperties(&reader)
                default: try reader.skip()
                }
            }
            try reader.end()
        } catch {
            return nil
        }
        guard let text = fields.body else { return nil }
        contentType = fields.contentType?.lowercased() ?? ""
        ticket = fields.ticket
        isCompressed = fields.isCompressed
        body = fields.isPacked ? Base64.decoded(text.utf8) : Array(text.utf8)
    }

    private struct Fields {
        var body: String?
        var contentType: String?
        var ticket: String?
        var isCompressed = false
        var isPacked = false

        mutating func readHeaders(_ reader: inout JSONReader) throws(JSONReader.Malformed) {
            if try reader.kind() == .null { return try reader.skip() }
            var (ticket, isCompressed) = (ticket, false)
            try reader.object { reader, name throws(JSONReader.Malformed) in
                switch name {
                case "compression": isCompressed = try reader.optionalString() != nil
                case "ticket": ticket = try reader.optionalString()
                default: try reader.skip()
                }
            }
            self.ticket = ticket
            self.isCompressed = isCompressed
        }

        mutating func readProperties(_ reader: inout JSONReader) throws(JSONReader.Malformed) {
            if try reader.kind() == .null { return try reader.skip() }
            var isPacked = false
            try reader.object { reader, name throws(JSONReader.Malformed) in
                if name == "body_encoding" {
                    isPacked = try reader.optionalString() == "base64"
                } else {
                    try reader.skip()
                }
            }
            self.isPacked = isPacked
        }
    }
}

extension JSONReader {
    /// Reads a text or null.
    mutating func optionalString() throws(Malformed) -> String? {
        if try kind() == .null {
            try skip()
            return nil
        }
        return try string()
    }
}
