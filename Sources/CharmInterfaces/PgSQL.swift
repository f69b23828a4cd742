// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// The `pgsql` interface, which charms offered before `postgresql_client`.
///
/// We write `database` and `extensions` to the application's databag as the leader, and the same to each unit's, where
/// older servers look. We read, from whichever databag of the other side has them all, `master`, a libpq connection
/// string, once the server repeats what we asked for and lets our networks in.
public enum PgSQL {
    /// Reads the database of an endpoint.
    ///
    /// - Parameters:
    ///   - request: What was asked for.
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Returns: What reading came to.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func read(
        _ request: PgSQLRequest,
        _ endpoint: String,
        _ model: Model
    ) throws -> RelationReading<PostgreSQLDatabase> {
        try readOnlyRelation(endpoint, model) { relation in
            let own = try relation.data(.ownUnit)["egress-subnets"] ?? ""
            return read(request, egressSubnets: list(own, ","), try RemoteDatabags(relation, withUnits: true))
        }
    }

    /// Asks for a database: as the leader for the application, and on every unit for older servers.
    ///
    /// - Parameters:
    ///   - request: What is asked for.
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func publish(_ request: PgSQLRequest, _ endpoint: String, _ model: Model) throws {
        let relations = try model.relations(endpoint).filter(\.isActive)
        guard !relations.isEmpty else { return }
        let isLeader = try model.isLeader()
        for relation in relations {
            if isLeader { try relation.set(request.databag, in: .ownApplication) }
            try relation.set(request.databag, in: .ownUnit)
        }
    }

    /// Reads what a server wrote.
    ///
    /// - Parameters:
    ///   - request: What was asked for.
    ///   - egressSubnets: The networks our connections come from.
    ///   - databags: The server's databags.
    /// - Returns: What reading came to.
    public static func read(
        _ request: PgSQLRequest,
        egressSubnets: [String],
        _ databags: RemoteDatabags
    ) -> RelationReading<PostgreSQLDatabase> {
        let units = databags.units.sorted { $0.key < $1.key }.map(\.value)
        let offers = ([databags.application] + units).filter { !($0["master"] ?? "").isEmpty }
        guard !offers.isEmpty else { return .waiting("master") }
        let ours = offers.first { offer in
            let repeated = ["database", "extensions"].allSatisfy { key in
                // An empty request for a database leaves its name to the server.
                key == "database" && request.database.isEmpty || (offer[key] ?? "") == (request.databag[key] ?? "")
            }
            let allowed = Set(list(offer["allowed-subnets"] ?? "", ","))
            return repeated && (offer["roles"] ?? "").isEmpty && egressSubnets.allSatisfy(allowed.contains)
        }
        guard let ours else { return .waiting("the server to let us in") }
        guard let values = ConnectionString.parse(ours["master"] ?? "") else {
            return .invalid("master: not a libpq connection string")
        }
        return database(values, version: ours["version"])
    }

    private static func database(
        _ values: [String: String],
        version: String?
    ) -> RelationReading<PostgreSQLDatabase> {
        for key in ["host", "dbname", "user", "password"] where (values[key] ?? "").isEmpty {
            return .invalid("master: has no \(key)")
        }
        guard let port = Int(values["port"] ?? "5432"),
            let endpoint = NetworkEndpoint(host: values["host", default: ""], port: port)
        else { return .invalid("master: host and port are not a host and port") }
        return .ready(
            PostgreSQLDatabase(
                endpoints: [endpoint],
                database: values["dbname", default: ""],
                username: values["user", default: ""],
                password: values["password", default: ""],
                usesTLS: ["require", "verify-ca", "verify-full"].contains(values["sslmode"] ?? ""),
                version: version
            )
        )
    }

    private static func list(_ text: String, _ separator: Character) -> [String] {
        text.split(separator: separator).map { String($0.filter { !$0.isWhitespace }) }.filter { !$0.isEmpty }
    }
}

/// A database that is asked for by `pgsql`.
public struct PgSQLRequest: Sendable, Hashable {
    /// The database's name; empty to leave it to the server.
    public var database: String
    /// The extensions, each with the schema it goes to, for example `unaccent:public`.
    public var extensions: [String]

    /// Creates a request.
    public init(database: String, extensions: [String] = []) {
        self.database = database
        self.extensions = extensions
    }

    /// What is written to the databags: the extensions sorted, as the server repeats them to the byte.
    public var databag: [String: String] {
        ["database": database, "extensions": extensions.sorted().joined(separator: ",")]
    }
}

/// A libpq connection string: `key=value` separated by spaces, a value with spaces or nothing in it in single quotes,
/// quotes and backslashes after a backslash.
enum ConnectionString {
    static func parse(_ text: String) -> [String: String]? {
        var values: [String: String] = [:]
        var rest = Substring(text)
        while true {
            rest = rest.drop(while: \.isWhitespace)
            guard !rest.isEmpty else { return values }
            guard let equals = rest.firstIndex(of: "=") else { return nil }
            let key = rest[..<equals].filter { !$0.isWhitespace }
            rest = rest[rest.index(after: equals)...].drop(while: \.isWhitespace)
            guard !key.isEmpty, let value = takeValue(&rest) else { return nil }
            values[key] = value
        }
    }

    /// Takes one value; nil when a quote or an escape has no end.
    private static func takeValue(_ rest: inout Substring) -> String? {
        let quoted = rest.first == "'"
        if quoted { rest.removeFirst() }
        var value = ""
        while let letter = rest.first {
            if quoted ? letter == "'" : letter.isWhitespace {
                if quoted { rest.removeFirst() }
                return value
            }
            rest.removeFirst()
            if letter == "\\" {
                guard let escaped = rest.popFirst() else { return nil }
                value.append(escaped)
            } else {
                value.append(letter)
            }
        }
        return quoted ? nil : value
    }
}
