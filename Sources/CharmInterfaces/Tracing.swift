// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// The `tracing` interface: where traces go.
///
/// We write, as the leader: `receivers`, the protocols we speak. We read the application's `receivers`, each with its
/// protocol and URL.
public enum Tracing {
    /// The protocol we speak: OpenTelemetry's over HTTP.
    public static let openTelemetryHTTP = "otlp_http"

    /// Asks for receivers, as the leader; elsewhere nothing is written.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func request(_ endpoint: String, _ model: Model) throws {
        guard try model.isLeader() else { return }
        for relation in try model.relations(endpoint) where relation.isActive {
            try relation.set(["receivers": JSONText.render([openTelemetryHTTP])], in: .ownApplication)
        }
    }

    /// Reads the receiver of an endpoint.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Returns: The URL that OpenTelemetry's data is sent to over HTTP, without the path of a signal.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func read(_ endpoint: String, _ model: Model) throws -> RelationReading<WebURL> {
        try readOnlyRelation(endpoint, model) { read(try RemoteDatabags($0, withUnits: false)) }
    }

    /// Reads what a provider wrote.
    ///
    /// - Parameter databags: The provider's databags.
    /// - Returns: The URL that OpenTelemetry's data is sent to over HTTP, without the path of a signal.
    public static func read(_ databags: RemoteDatabags) -> RelationReading<WebURL> {
        struct Receiver: Decodable {
            struct Kind: Decodable {
                let name: String
            }
            let `protocol`: Kind
            let url: String
        }
        guard let text = databags.value("receivers") else { return .waiting("receivers") }
        guard let receivers: [Receiver] = JSONText.parse(text) else {
            return .invalid("receivers: not a JSON list of receivers")
        }
        guard let receiver = receivers.first(where: { $0.protocol.name == openTelemetryHTTP }) else {
            return .waiting("a receiver for \(openTelemetryHTTP)")
        }
        return WebURL(receiver.url).map { .ready($0) } ?? .invalid("receivers: the url is not an http or https URL")
    }
}
