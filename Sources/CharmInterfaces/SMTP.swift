// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// The `smtp` interface: a mail server to send through.
///
/// We write nothing. The application says `host`, `port`, `auth_type`, `transport_security`, and perhaps `user`,
/// `password` or, in a secret, `password_id`, `domain`, `skip_ssl_verify`, `smtp_sender`, `recipients`.
public enum SMTP {
    /// Reads the mail server of an endpoint.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Returns: What reading came to.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func read(_ endpoint: String, _ model: Model) throws -> RelationReading<SMTPServer> {
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
    ) throws -> RelationReading<SMTPServer> {
        var server: SMTPServer
        switch parse(databags) {
        case .ready(let parsed): server = parsed
        case let other: return other
        }
        if server.password == nil, let id = databags.value("password_id") {
            switch try secret(id) {
            case .waiting: return .waiting("access to the secret in password_id")
            case .invalid(let reason): return .invalid("password_id: \(reason)")
            case .content(let content):
                guard let password = content["password"], !password.isEmpty else {
                    return .invalid("password_id: the secret has no password")
                }
                server.password = password
            }
        }
        if server.authentication == .plain {
            guard server.user != nil else { return .waiting("user") }
            guard server.password != nil else { return .waiting("password or password_id") }
        }
        return .ready(server)
    }

    private static func parse(_ databags: RemoteDatabags) -> RelationReading<SMTPServer> {
        guard let host = databags.value("host") else { return .waiting("host") }
        guard let portText = databags.value("port") else { return .waiting("port") }
        guard let authText = databags.value("auth_type") else { return .waiting("auth_type") }
        guard let securityText = databags.value("transport_security") else { return .waiting("transport_security") }
        guard let port = Int(portText), (1...65535).contains(port) else {
            return .invalid("port: must be a number from 1 to 65535")
        }
        guard let endpoint = NetworkEndpoint(host: host, port: port) else { return .invalid("host: not a host name") }
        guard let authentication = SMTPServer.Authentication(rawValue: authText) else {
            return .invalid("auth_type: must be none, not_provided or plain")
        }
        guard let security = SMTPServer.TransportSecurity(rawValue: securityText) else {
            return .invalid("transport_security: must be none, starttls or tls")
        }
        var server = SMTPServer(endpoint: endpoint, authentication: authentication, security: security)
        if let text = databags.value("skip_ssl_verify") {
            guard let flag = boolean(text) else { return .invalid("skip_ssl_verify: must be True or False") }
            server.skipsCertificateVerification = flag
        }
        server.user = databags.value("user")
        server.password = databags.value("password")
        server.domain = databags.value("domain")
        server.sender = databags.value("smtp_sender")
        server.recipients = recipients(databags.value("recipients"))
        return .ready(server)
    }

    /// A JSON list, or a list with commas.
    private static func recipients(_ text: String?) -> [String] {
        guard let text else { return [] }
        if let list = JSONText.parse(text, as: [String].self) { return list }
        return text.split(separator: ",").map { String($0.filter { !$0.isWhitespace }) }
    }
}

/// A mail server to send through.
public struct SMTPServer: Sendable, Hashable {
    /// How to sign in.
    public enum Authentication: String, Sendable, Hashable, CaseIterable {
        /// Not at all.
        case none
        /// Not said.
        case notProvided = "not_provided"
        /// By user and password.
        case plain
    }

    /// How the connection is protected.
    public enum TransportSecurity: String, Sendable, Hashable, CaseIterable {
        /// Not at all.
        case none
        /// Plain at first, then TLS.
        case starttls
        /// TLS from the first byte.
        case tls
    }

    /// Where it listens.
    public var endpoint: NetworkEndpoint
    /// How to sign in.
    public var authentication: Authentication
    /// How the connection is protected.
    public var security: TransportSecurity
    /// The user.
    public var user: String?
    /// The password.
    public var password: String?
    /// The domain mail is sent from.
    public var domain: String?
    /// Whether the server's certificate is not to be verified.
    public var skipsCertificateVerification: Bool
    /// The sender's address.
    public var sender: String?
    /// Addresses to send to, for those who ask whom to notify.
    public var recipients: [String]

    /// Creates a mail server.
    public init(
        endpoint: NetworkEndpoint,
        authentication: Authentication = .none,
        security: TransportSecurity = .none,
        user: String? = nil,
        password: String? = nil,
        domain: String? = nil,
        skipsCertificateVerification: Bool = false,
        sender: String? = nil,
        recipients: [String] = []
    ) {
        self.endpoint = endpoint
        self.authentication = authentication
        self.security = security
        self.user = user
        self.password = password
        self.domain = domain
        self.skipsCertificateVerification = skipsCertificateVerification
        self.sender = sender
        self.recipients = recipients
    }
}

/// The provider's half of `smtp`, as a value.
public struct SMTPProvider: Sendable, Hashable {
    /// The server that is given.
    public var server: SMTPServer

    /// Creates a provider's answer.
    public init(_ server: SMTPServer) {
        self.server = server
    }

    /// The content of the secret with the password; nil when there is none.
    public var secret: [String: String]? {
        server.password.map { ["password": $0] }
    }

    /// What the provider writes to its application's databag.
    ///
    /// - Parameter secret: The URI of the secret with the password; nil to give it in plain.
    /// - Returns: The values.
    public func applicationDatabag(secret: String?) -> [String: String] {
        var values = [
            "host": server.endpoint.host,
            "port": String(server.endpoint.port),
            "auth_type": server.authentication.rawValue,
            "transport_security": server.security.rawValue,
            "skip_ssl_verify": server.skipsCertificateVerification ? "True" : "False",
        ]
        values["user"] = server.user
        values["domain"] = server.domain
        values["smtp_sender"] = server.sender
        if !server.recipients.isEmpty { values["recipients"] = server.recipients.joined(separator: ",") }
        if let secret { values["password_id"] = secret } else { values["password"] = server.password }
        return values
    }
}
