// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// The `postgresql_client` interface: a database asked for and given.
///
/// We write, as the leader: the database's name, and which values we want in secrets. We never ask for `SUPERUSER`:
/// the extensions that need it are for whoever runs the server. We read the application's databag: `endpoints`,
/// `database`, `version`, and `username` and `password` from the secret `secret-user` names, or plain from a provider
/// under a Juju without secrets; `tls` and `tls-ca` likewise.
public enum PostgreSQLClient {
    /// Reads the database of an endpoint.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Returns: What reading came to.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func read(_ endpoint: String, _ model: Model) throws -> RelationReading<PostgreSQLDatabase> {
        try readOnlyRelation(endpoint, model) { relation in
            // Units say something only when the provider is a subordinate.
            let subordinated = try relation.data(.remoteApplication)["subordinated"] == "true"
            let databags = try RemoteDatabags(relation, withUnits: subordinated)
            return try read(databags) { try model.readRemoteSecret($0) }
        }
    }

    /// Asks for a database, as the leader; elsewhere nothing is written.
    ///
    /// - Parameters:
    ///   - database: The database's name.
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func request(database: String, _ endpoint: String, _ model: Model) throws {
        guard try model.isLeader() else { return }
        let values = requestDatabag(database: database, withSecrets: model.environment.jujuVersion.hasSecrets)
        for relation in try model.relations(endpoint) { try relation.set(values, in: .ownApplication) }
    }

    /// What a request writes to the application's databag; an empty value removes the key.
    ///
    /// - Parameters:
    ///   - database: The database's name.
    ///   - withSecrets: Whether this Juju has secrets.
    /// - Returns: The values.
    public static func requestDatabag(database: String, withSecrets: Bool) -> [String: String] {
        var values = ["database": database]
        // A charm we replace may have asked for it.
        values["extra-user-roles"] = ""
        // The text is that of the charm we replace, to the byte: a refresh then causes no event at the provider.
        if withSecrets { values["requested-secrets"] = requestedSecrets }
        return values
    }

    static let requestedSecrets =
        #"["username", "password", "tls", "tls-ca", "uris", "read-only-uris", "entity-name", "entity-password"]"#

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
    ) throws -> RelationReading<PostgreSQLDatabase> {
        if databags.application["subordinated"] == "true",
            !databags.units.values.contains(where: { $0["state"] == "ready" })
        {
            return .waiting("the database to be ready")
        }
        if let problem = fatalStatus(databags.value("status")) { return .invalid("status: \(problem)") }
        var values = databags.application
        for key in ["secret-user", "secret-tls"] {
            guard let id = databags.value(key) else { continue }
            switch try secret(id) {
            case .content(let content): values.merge(content) { $1 }
            case .waiting: return .waiting("access to the secret in \(key)")
            case .invalid(let reason): return .invalid("\(key): \(reason)")
            }
        }
        return database(RemoteDatabags(application: values))
    }

    private static func database(_ values: RemoteDatabags) -> RelationReading<PostgreSQLDatabase> {
        guard let endpointList = values.value("endpoints") else { return .waiting("endpoints") }
        guard let name = values.value("database") else { return .waiting("database") }
        guard let username = values.value("username") else { return .waiting("username") }
        guard let password = values.value("password") else { return .waiting("password") }
        var endpoints: [NetworkEndpoint] = []
        for text in endpointList.split(separator: ",") {
            guard let endpoint = NetworkEndpoint(String(text), defaultPort: 5432) else {
                return .invalid("endpoints: \"\(text.prefix(100))\" is not a host and port")
            }
            endpoints.append(endpoint)
        }
        guard !endpoints.isEmpty else { return .waiting("endpoints") }
        var usesTLS = false
        if let text = values.value("tls") {
            guard let flag = boolean(text) else {
                return .invalid("tls: \"\(text.prefix(20))\" is neither True nor False")
            }
            usesTLS = flag
        }
        for (key, value) in [("database", name), ("username", username), ("password", password)]
        where value.unicodeScalars.contains("\0") {
            return .invalid("\(key): holds a null character")
        }
        return .ready(
            PostgreSQLDatabase(
                endpoints: endpoints,
                database: name,
                username: username,
                password: password,
                usesTLS: usesTLS,
                certificateAuthority: values.value("tls-ca"),
                version: values.value("version")
            )
        )
    }

    /// The provider's own word that it cannot serve: codes from 5000 on.
    private static func fatalStatus(_ text: String?) -> String? {
        struct Entry: Decodable {
            let code: Int
            let message: String?
        }
        guard let text, let entries = JSONText.parse(text, as: [Entry].self) else { return nil }
        return entries.first { (5000..<6000).contains($0.code) }.map { $0.message ?? "code \($0.code)" }
    }
}

/// A database to connect to.
public struct PostgreSQLDatabase: Sendable, Hashable {
    /// Where the primary listens, at least one; the first is to be used.
    public var endpoints: [NetworkEndpoint]
    /// The database's name.
    public var database: String
    /// The user's name.
    public var username: String
    /// The user's password.
    public var password: String
    /// Whether the server wants TLS.
    public var usesTLS: Bool
    /// The certificate authority that signed the server's certificate, as PEM text.
    public var certificateAuthority: String?
    /// The server's version.
    public var version: String?

    /// Creates a database.
    public init(
        endpoints: [NetworkEndpoint],
        database: String,
        username: String,
        password: String,
        usesTLS: Bool = false,
        certificateAuthority: String? = nil,
        version: String? = nil
    ) {
        self.endpoints = endpoints
        self.database = database
        self.username = username
        self.password = password
        self.usesTLS = usesTLS
        self.certificateAuthority = certificateAuthority
        self.version = version
    }

    /// The URI to connect with; it holds the password.
    ///
    /// - Parameter parameters: What follows the question mark, for example `sslmode`.
    /// - Returns: The URI, each part percent-encoded; empty when there is no endpoint.
    public func uri(parameters: [String: String] = [:]) -> String {
        guard let endpoint = endpoints.first else { return "" }
        let query = parameters.sorted { $0.key < $1.key }
            .map { "\($0.key.percentEncoded)=\($0.value.percentEncoded)" }.joined(separator: "&")
        let base =
            "postgresql://\(username.percentEncoded):\(password.percentEncoded)@\(endpoint)/\(database.percentEncoded)"
        return query.isEmpty ? base : "\(base)?\(query)"
    }
}

/// The provider's half of `postgresql_client`, as a value.
public struct PostgreSQLClientProvider: Sendable, Hashable {
    /// The database that is given.
    public var database: PostgreSQLDatabase

    /// Creates a provider's answer.
    public init(_ database: PostgreSQLDatabase) {
        self.database = database
    }

    /// The content of the secret whose URI goes to ``applicationDatabag(userSecret:tlsSecret:)`` as the user's.
    public var userSecret: [String: String] {
        ["username": database.username, "password": database.password, "uris": database.uri()]
    }

    /// The content of the secret about TLS.
    public var tlsSecret: [String: String] {
        var content = ["tls": database.usesTLS ? "True" : "False"]
        if let authority = database.certificateAuthority { content["tls-ca"] = authority }
        return content
    }

    /// What the provider writes to its application's databag.
    ///
    /// - Parameters:
    ///   - userSecret: The URI of the secret with the user; nil to give name and password in plain, for a Juju without
    ///     secrets.
    ///   - tlsSecret: The URI of the secret about TLS; nil to give it in plain.
    /// - Returns: The values.
    public func applicationDatabag(userSecret: String?, tlsSecret: String?) -> [String: String] {
        var values = [
            "database": database.database,
            "endpoints": database.endpoints.map(\.description).joined(separator: ","),
        ]
        if let version = database.version { values["version"] = version }
        if let userSecret { values["secret-user"] = userSecret } else { values.merge(self.userSecret) { $1 } }
        if let tlsSecret { values["secret-tls"] = tlsSecret } else { values.merge(self.tlsSecret) { $1 } }
        return values
    }
}
