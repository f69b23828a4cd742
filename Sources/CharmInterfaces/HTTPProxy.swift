// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// The `http_proxy` interface: a proxy for what goes out.
///
/// We write, as the leader: `requests`, one, under a name of ours that stays. We read the application's `responses`,
/// of which the one with our name counts.
public enum HTTPProxy {
    /// Asks for a proxy, as the leader; elsewhere nothing is written.
    ///
    /// - Parameters:
    ///   - domains: The domains that shall be reached, each `host` or `host:port`; none for any.
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    ///   - newName: Makes a name for the request, a UUID, when there is none yet.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func request(
        domains: [String] = [],
        _ endpoint: String,
        _ model: Model,
        newName: () -> String
    ) throws {
        guard try model.isLeader() else { return }
        for relation in try model.relations(endpoint) where relation.isActive {
            let own = RemoteDatabags(application: try relation.data(.ownApplication))
            let request = Request(auth: [], domains: domains, requirer: requestName(own) ?? newName())
            try relation.set(["requests": JSONText.render([request])], in: .ownApplication)
        }
    }

    /// Reads the proxy of an endpoint, whoever of the units asked for it.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Returns: What reading came to.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func read(_ endpoint: String, _ model: Model) throws -> RelationReading<OutgoingProxy> {
        try readOnlyRelation(endpoint, model) { relation in
            try read(try RemoteDatabags(relation, withUnits: false)) { try model.readRemoteSecret($0) }
        }
    }

    /// Reads what a provider wrote.
    ///
    /// - Parameters:
    ///   - databags: The provider's databags.
    ///   - secret: Looks up a secret by its URI.
    /// - Returns: What reading came to.
    /// - Throws: What `secret` throws.
    public static func read(
        _ databags: RemoteDatabags,
        secret: (String) throws -> SecretReading
    ) throws -> RelationReading<OutgoingProxy> {
        guard let text = databags.value("responses") else { return .waiting("responses") }
        guard let responses: [Response] = JSONText.parse(text) else {
            return .invalid("responses: not a JSON list of responses")
        }
        // Only this application's requests are answered here, and it makes one.
        guard let response = responses.first else { return .waiting("responses") }
        switch response.status {
        case "ready": break
        case "pending", "accepted": return .waiting("the proxy, which says \(response.status)")
        default: return .invalid("responses: the proxy says \(response.status.prefix(40))")
        }
        guard let http = response.http ?? response.https, let plain = WebURL(http),
            let secure = WebURL(response.https ?? http)
        else { return .invalid("responses: http_proxy and https_proxy are not http or https URLs") }
        var proxy = OutgoingProxy(http: plain, https: secure)
        guard let id = response.user else { return .ready(proxy) }
        switch try secret(id) {
        case .waiting: return .waiting("access to the secret of user in responses")
        case .invalid(let reason): return .invalid("responses: user: \(reason)")
        case .content(let content):
            guard let name = content["username"], let password = content["password"] else {
                return .invalid("responses: the secret of user has no username and password")
            }
            proxy.credentials = .init(username: name, password: password)
            return .ready(proxy)
        }
    }

    private struct Request: Codable {
        let auth: [String]
        let domains: [String]
        let requirer: String
    }

    private struct Response: Decodable {
        let requirer: String
        let status: String
        let http: String?
        let https: String?
        let user: String?

        enum CodingKeys: String, CodingKey {
            case requirer
            case status
            case http = "http_proxy"
            case https = "https_proxy"
            case user
        }
    }

    private static func requestName(_ databags: RemoteDatabags) -> String? {
        databags.value("requests").flatMap { JSONText.parse($0, as: [Request].self) }?.first?.requirer
    }
}

/// A proxy for what goes out.
public struct OutgoingProxy: Sendable, Hashable {
    /// Who we are to the proxy.
    public struct Credentials: Sendable, Hashable {
        /// The user's name.
        public var username: String
        /// The user's password.
        public var password: String

        /// Creates credentials.
        public init(username: String, password: String) {
            self.username = username
            self.password = password
        }
    }

    /// The proxy for `http` requests.
    public var http: WebURL
    /// The proxy for `https` requests.
    public var https: WebURL
    /// Who we are to the proxy; nil when it does not ask.
    public var credentials: Credentials?

    /// Creates a proxy.
    public init(http: WebURL, https: WebURL, credentials: Credentials? = nil) {
        self.http = http
        self.https = https
        self.credentials = credentials
    }

    /// A proxy's URL with the credentials in it, as environment variables have it.
    ///
    /// - Parameter proxy: One of the two proxies.
    /// - Returns: The URL; it holds the password.
    public func url(_ proxy: WebURL) -> String {
        guard let credentials else { return proxy.description }
        let user = "\(credentials.username.percentEncoded):\(credentials.password.percentEncoded)@"
        return "\(proxy.isSecure ? "https" : "http")://\(user)\(proxy.authority)\(proxy.path)"
    }
}
