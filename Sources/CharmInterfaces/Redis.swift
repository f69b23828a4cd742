// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// The `redis` interface: where a Redis server is.
///
/// We write nothing. Each remote unit says `hostname` and `port`; the application may say `leader-host`, which then
/// counts, and may name a secret in `secret-user` with `password` and perhaps `username`.
public enum Redis {
    /// Reads the server of an endpoint.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Returns: What reading came to.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func read(_ endpoint: String, _ model: Model) throws -> RelationReading<RedisServer> {
        try readOnlyRelation(endpoint, model) { relation in
            try read(try RemoteDatabags(relation, withUnits: true)) { try model.readRemoteSecret($0) }
        }
    }

    /// Reads what a provider wrote.
    ///
    /// Of several units the first by number with a host and port is taken, so that every unit and every dispatch
    /// chooses the same.
    ///
    /// - Parameters:
    ///   - databags: The provider's databags.
    ///   - secret: Looks up a secret by its URI.
    /// - Returns: What reading came to.
    /// - Throws: What `secret` throws.
    public static func read(
        _ databags: RemoteDatabags,
        secret: (String) throws -> SecretReading
    ) throws -> RelationReading<RedisServer> {
        let leader = databags.value("leader-host")
        var problem: String?
        var found: NetworkEndpoint?
        for (unit, values) in databags.units.sorted(by: { $0.key < $1.key }) where found == nil {
            guard let port = values["port"], !port.isEmpty else { continue }
            guard let host = leader ?? values["hostname"], !host.isEmpty else { continue }
            found = Int(port).flatMap { NetworkEndpoint(host: host, port: $0) }
            if found == nil { problem = problem ?? "hostname or port of \(unit): not a host and port" }
        }
        guard let endpoint = found else {
            return problem.map { .invalid($0) } ?? .waiting("hostname and port")
        }
        guard let id = databags.value("secret-user") else { return .ready(RedisServer(endpoint: endpoint)) }
        switch try secret(id) {
        case .waiting: return .waiting("access to the secret in secret-user")
        case .invalid(let reason): return .invalid("secret-user: \(reason)")
        case .content(let content):
            guard let password = content["password"], !password.isEmpty else {
                return .invalid("secret-user: the secret has no password")
            }
            let username = content["username"].flatMap { $0.isEmpty ? nil : $0 }
            return .ready(RedisServer(endpoint: endpoint, username: username, password: password))
        }
    }
}

/// A Redis server to connect to.
public struct RedisServer: Sendable, Hashable {
    /// Where it listens.
    public var endpoint: NetworkEndpoint
    /// The user; nil for the server's default user.
    public var username: String?
    /// The password; nil when it wants none.
    public var password: String?

    /// Creates a server.
    public init(endpoint: NetworkEndpoint, username: String? = nil, password: String? = nil) {
        self.endpoint = endpoint
        self.username = username
        self.password = password
    }

    /// The URL to connect with; it holds the password.
    ///
    /// - Parameter database: The number of the database; nil for the server's default.
    /// - Returns: The URL, each part percent-encoded.
    public func url(database: Int? = nil) -> String {
        let credentials = password.map { "\((username ?? "").percentEncoded):\($0.percentEncoded)@" } ?? ""
        return "redis://\(credentials)\(endpoint)" + (database.map { "/\($0)" } ?? "")
    }
}

/// The provider's half of `redis`, as a value.
public struct RedisProvider: Sendable, Hashable {
    /// The server that is given.
    public var server: RedisServer

    /// Creates a provider's answer.
    public init(_ server: RedisServer) {
        self.server = server
    }

    /// What each unit of the provider writes to its databag.
    public var unitDatabag: [String: String] {
        ["hostname": server.endpoint.host, "port": String(server.endpoint.port)]
    }

    /// The content of the secret with the password; nil when the server wants none.
    public var secret: [String: String]? {
        guard let password = server.password else { return nil }
        var content = ["password": password]
        if let username = server.username { content["username"] = username }
        return content
    }

    /// What the provider writes to its application's databag.
    ///
    /// - Parameter secret: The URI of the secret with the password, when there is one.
    /// - Returns: The values.
    public func applicationDatabag(secret: String?) -> [String: String] {
        var values = ["leader-host": server.endpoint.host]
        if let secret { values["secret-user"] = secret }
        return values
    }
}
