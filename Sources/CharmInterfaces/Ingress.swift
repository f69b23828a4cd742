// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// The `ingress` interface, version 2: a way in from outside the cluster.
///
/// Every scalar is JSON. We write, as the leader: `model`, `name`, `port`; each unit writes its `host` and `ip`. We
/// read the application's `ingress`, an object with the `url` under which we are reached.
public enum Ingress {
    /// Reads the address of an endpoint.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Returns: The URL under which the application is reached.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func read(_ endpoint: String, _ model: Model) throws -> RelationReading<WebURL> {
        try readOnlyRelation(endpoint, model) { read(try RemoteDatabags($0, withUnits: false)) }
    }

    /// Reads what a provider wrote.
    ///
    /// - Parameter databags: The provider's databags.
    /// - Returns: The URL under which the application is reached.
    public static func read(_ databags: RemoteDatabags) -> RelationReading<WebURL> {
        struct Answer: Decodable {
            let url: String?
        }
        guard let text = databags.value("ingress") else { return .waiting("ingress") }
        guard let answer: Answer = JSONText.parse(text) else { return .invalid("ingress: not a JSON object") }
        // A provider that takes the way away again says null.
        guard let url = answer.url, !url.isEmpty else { return .waiting("the url in ingress") }
        return WebURL(url).map { .ready($0) } ?? .invalid("ingress: the url is not an http or https URL")
    }

    /// Asks for a way in: as the leader for the application, and on every unit for the unit.
    ///
    /// - Parameters:
    ///   - request: What is asked for.
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func publish(_ request: IngressRequest, _ endpoint: String, _ model: Model) throws {
        let isLeader = try model.isLeader()
        for relation in try model.relations(endpoint) where relation.isActive {
            if isLeader { try relation.set(request.applicationDatabag, in: .ownApplication) }
            try relation.set(request.unitDatabag, in: .ownUnit)
        }
    }
}

/// A way in that is asked for.
public struct IngressRequest: Sendable, Hashable {
    /// The model's name.
    public var model: String
    /// The application's name.
    public var application: String
    /// The port we listen on.
    public var port: Int
    /// The unit's name in the cluster's DNS.
    public var host: String
    /// The unit's address; nil when it is not known.
    public var address: String?
    /// Whether the provider takes the prefix it made up off the path before it asks us.
    public var stripsPrefix: Bool
    /// Whether the provider sends visitors from http to https.
    public var redirectsToHTTPS: Bool
    /// Where the provider may look whether a unit is well; nil when it need not.
    public var healthPath: String?

    /// Creates a request.
    public init(
        model: String,
        application: String,
        port: Int,
        host: String,
        address: String? = nil,
        stripsPrefix: Bool = false,
        redirectsToHTTPS: Bool = false,
        healthPath: String? = nil
    ) {
        self.model = model
        self.application = application
        self.port = port
        self.host = host
        self.address = address
        self.stripsPrefix = stripsPrefix
        self.redirectsToHTTPS = redirectsToHTTPS
        self.healthPath = healthPath
    }

    /// What the leader writes to the application's databag; an empty value removes the key.
    public var applicationDatabag: [String: String] {
        [
            "model": JSONText.render(model),
            "name": JSONText.render(application),
            "port": String(port),
            "strip-prefix": stripsPrefix ? "true" : "",
            "redirect-https": redirectsToHTTPS ? "true" : "",
            "healthcheck_params": healthPath.map { JSONText.render(["path": $0]) } ?? "",
        ]
    }

    /// What each unit writes to its databag; an empty value removes the key.
    public var unitDatabag: [String: String] {
        ["host": JSONText.render(host), "ip": address.map(JSONText.render) ?? ""]
    }
}
