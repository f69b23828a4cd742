// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import PebbleAPI

/// What took how long in one dispatch, as spans of OpenTelemetry.
package struct DispatchTrace: Sendable {
    /// A part of the dispatch, in the machine's time since its start.
    struct Part: Sendable {
        var name: String
        var began: Duration
        var ended: Duration
    }

    /// The event's name.
    let event: String
    /// The unit's name.
    let unit: String
    /// The model's name and UUID.
    let model: (name: String, uuid: String)
    let began: Duration
    var parts: [Part] = []
    /// The status the unit came to; nil when the dispatch failed.
    var outcome: String?
    /// Where it is sent; nil while nobody wants it.
    var receiver: WebURL?

    /// Closes the part that has run since the one before it.
    mutating func mark(_ name: String, at time: Duration) {
        parts.append(Part(name: name, began: parts.last?.ended ?? began, ended: time))
    }

    /// The request's body, in the JSON of OpenTelemetry's protocol.
    ///
    /// - Parameters:
    ///   - ended: When the dispatch ended, in the machine's time since its start.
    ///   - boot: When the machine was started, since 1970.
    ///   - identifier: Makes random bytes as hexadecimal digits.
    /// - Returns: The body.
    /// - Throws: `EncodingError`, never in practice.
    func body(ended: Duration, boot: Duration, identifier: (_ bytes: Int) -> String) throws -> [UInt8] {
        let trace = identifier(16)
        let root = identifier(8)
        func span(_ id: String, _ parent: String?, _ name: String, _ from: Duration, _ to: Duration) -> OTLP.Span {
            OTLP.Span(
                traceId: trace,
                spanId: id,
                parentSpanId: parent,
                name: name,
                startTimeUnixNano: Self.nanoseconds(boot + from),
                endTimeUnixNano: Self.nanoseconds(boot + to)
            )
        }
        var whole = span(root, nil, "dispatch \(event)", began, ended)
        whole.attributes = [OTLP.Attribute("juju.event", event), OTLP.Attribute("juju.status", outcome ?? "error")]
        whole.status = OTLP.Status(code: outcome == nil ? 2 : 1)
        let spans = [whole] + parts.map { span(identifier(8), root, $0.name, $0.began, $0.ended) }
        let resource = OTLP.Resource(attributes: [
            OTLP.Attribute("service.name", "indico-charm"), OTLP.Attribute("service.instance.id", unit),
            OTLP.Attribute("juju.model", model.name), OTLP.Attribute("juju.model_uuid", model.uuid),
        ])
        let scope = OTLP.ScopeSpans(scope: OTLP.Scope(name: "indico-charm"), spans: spans)
        return try WireJSON.bytes(
            of: OTLP.Request(resourceSpans: [OTLP.ResourceSpans(resource: resource, scopeSpans: [scope])])
        )
    }

    private static func nanoseconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return String(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}

/// The words of OpenTelemetry's JSON, as far as they are needed.
private enum OTLP {
    struct Request: Encodable {
        var resourceSpans: [ResourceSpans]
    }
    struct ResourceSpans: Encodable {
        var resource: Resource
        var scopeSpans: [ScopeSpans]
    }
    struct Resource: Encodable {
        var attributes: [Attribute]
    }
    struct ScopeSpans: Encodable {
        var scope: Scope
        var spans: [Span]
    }
    struct Scope: Encodable {
        var name: String
    }
    struct Span: Encodable {
        var traceId: String
        var spanId: String
        var parentSpanId: String?
        var name: String
        /// Internal.
        var kind = 1
        var startTimeUnixNano: String
        var endTimeUnixNano: String
        var attributes: [Attribute] = []
        var status: Status?
    }
    struct Attribute: Encodable {
        struct Value: Encodable {
            var stringValue: String
        }
        var key: String
        var value: Value

        init(_ key: String, _ value: String) {
            self.key = key
            self.value = Value(stringValue: value)
        }
    }
    struct Status: Encodable {
        /// 1 is well, 2 an error.
        var code: Int
    }
}
