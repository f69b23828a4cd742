// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// The `oauth` interface: an OpenID Connect provider people sign in at.
///
/// We write, as the leader: `redirect_uri`, `scope`, `grant_types`, `audience`, `token_endpoint_auth_method`. We read
/// the application's endpoints, `client_id`, and the client's secret by `client_secret_id`.
public enum OAuth {
    /// Reads the provider of an endpoint.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Returns: What reading came to.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func read(_ endpoint: String, _ model: Model) throws -> RelationReading<OAuthProviderInfo> {
        try readOnlyRelation(endpoint, model) { relation in
            try read(try RemoteDatabags(relation, withUnits: false)) { try model.readRemoteSecret($0) }
        }
    }

    /// Registers this application as a client, as the leader; elsewhere nothing is written.
    ///
    /// - Parameters:
    ///   - client: Who we are.
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func publish(_ client: OAuthClient, _ endpoint: String, _ model: Model) throws {
        guard try model.isLeader() else { return }
        for relation in try model.relations(endpoint) where relation.isActive {
            try relation.set(client.applicationDatabag, in: .ownApplication)
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
    ) throws -> RelationReading<OAuthProviderInfo> {
        let keys = [
            "issuer_url", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_endpoint", "scope",
            "client_id", "client_secret_id",
        ]
        var values: [String: String] = [:]
        for key in keys {
            guard let value = databags.value(key) else { return .waiting(key) }
            values[key] = value
        }
        for key in keys.prefix(5) where WebURL(values[key, default: ""]) == nil {
            return .invalid("\(key): not an http or https URL")
        }
        if let text = databags.value("ca_chain"), JSONText.parse(text, as: [String].self) == nil {
            return .invalid("ca_chain: not a JSON list of certificates")
        }
        switch try secret(values["client_secret_id", default: ""]) {
        case .waiting: return .waiting("access to the secret in client_secret_id")
        case .invalid(let reason): return .invalid("client_secret_id: \(reason)")
        case .content(let content):
            guard let clientSecret = content["secret"], !clientSecret.isEmpty else {
                return .invalid("client_secret_id: the secret has no value named secret")
            }
            return .ready(
                OAuthProviderInfo(
                    issuer: values["issuer_url", default: ""],
                    authorizationEndpoint: values["authorization_endpoint", default: ""],
                    tokenEndpoint: values["token_endpoint", default: ""],
                    userInfoEndpoint: values["userinfo_endpoint", default: ""],
                    keysEndpoint: values["jwks_endpoint", default: ""],
                    scope: values["scope", default: ""],
                    clientID: values["client_id", default: ""],
                    clientSecret: clientSecret,
                    certificateChain: databags.value("ca_chain").flatMap { JSONText.parse($0) } ?? []
                )
            )
        }
    }
}

/// An OpenID Connect provider, and who we are to it.
public struct OAuthProviderInfo: Sendable, Hashable {
    /// The issuer of tokens.
    public var issuer: String
    /// Where people are sent to sign in.
    public var authorizationEndpoint: String
    /// Where a code is exchanged for a token.
    public var tokenEndpoint: String
    /// Where it is told who a token stands for.
    public var userInfoEndpoint: String
    /// Where the keys are that tokens are signed with.
    public var keysEndpoint: String
    /// The scopes it offers, separated by spaces.
    public var scope: String
    /// Our name as its client.
    public var clientID: String
    /// Our password as its client.
    public var clientSecret: String
    /// The certificates that sign the provider's own, each as PEM text.
    public var certificateChain: [String]

    /// Creates a provider.
    public init(
        issuer: String,
        authorizationEndpoint: String,
        tokenEndpoint: String,
        userInfoEndpoint: String,
        keysEndpoint: String,
        scope: String,
        clientID: String,
        clientSecret: String,
        certificateChain: [String] = []
    ) {
        self.issuer = issuer
        self.authorizationEndpoint = authorizationEndpoint
        self.tokenEndpoint = tokenEndpoint
        self.userInfoEndpoint = userInfoEndpoint
        self.keysEndpoint = keysEndpoint
        self.scope = scope
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.certificateChain = certificateChain
    }
}

/// Who we are to an OpenID Connect provider.
public struct OAuthClient: Sendable, Hashable {
    /// Where people are sent after they signed in.
    public var redirectURI: String
    /// The scopes we ask for; `openid` is always among them.
    public var scopes: [String]
    /// The kinds of grant we use.
    public var grantTypes: [String]

    /// Creates a client.
    public init(
        redirectURI: String,
        scopes: [String] = ["openid", "profile", "email"],
        grantTypes: [String] = ["authorization_code"]
    ) {
        self.redirectURI = redirectURI
        self.scopes = scopes.contains("openid") ? scopes : ["openid"] + scopes
        self.grantTypes = grantTypes
    }

    /// What the leader writes to the application's databag.
    public var applicationDatabag: [String: String] {
        [
            "redirect_uri": redirectURI,
            "scope": scopes.joined(separator: " "),
            "grant_types": JSONText.render(grantTypes),
            "audience": "[]",
            "token_endpoint_auth_method": "client_secret_basic",
        ]
    }
}
