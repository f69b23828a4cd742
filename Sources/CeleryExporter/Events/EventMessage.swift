// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

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
    private struct Envelope: Decodable {
        struct Headers: Decodable {
            let compression: String?
        }

        struct Properties: Decodable {
            let bodyEncoding: String?

            enum CodingKeys: String, CodingKey {
                case bodyEncoding = "body_encoding"
            }
        }

        let body: String
        let contentType: String?
        let headers: Headers?
        let properties: Properties?

        enum CodingKeys: String, CodingKey {
            case body, headers, properties
            case contentType = "content-type"
        }
    }

    /// An event, or the news that there is none: one bad event must not cost the others of its list.
    private struct Entry: Decodable {
        let event: CeleryEvent?

        init(from decoder: any Decoder) throws {
            event = try? CeleryEvent(from: decoder)
        }
    }

    /// Reads the events of a message.
    ///
    /// - Parameter payload: The message.
    /// - Returns: Its events in order; nil for one that is none.
    /// - Throws: `EventError` where there is no event to be had.
    static func events(_ payload: [UInt8]) throws(EventError) -> [CeleryEvent?] {
        let decoder = JSONDecoder()
        guard let envelope = try? decoder.decode(Envelope.self, from: Data(payload)) else { throw .malformedEnvelope }
        guard envelope.contentType?.lowercased() == "application/json", envelope.headers?.compression == nil else {
            throw .unsupportedContent
        }
        let body: Data
        if envelope.properties?.bodyEncoding == "base64" {
            guard let decoded = Data(base64Encoded: envelope.body) else { throw .malformedEnvelope }
            body = decoded
        } else {
            body = Data(envelope.body.utf8)
        }
        // Workers gather several events in one message; single ones come as they are.
        if body.first(where: { !$0.isBlank }) == UInt8(ascii: "[") {
            guard let entries = try? decoder.decode([Entry].self, from: body) else { throw .malformedEvent }
            return entries.map(\.event)
        }
        guard let event = try? decoder.decode(CeleryEvent.self, from: body) else { throw .malformedEvent }
        return [event]
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
