// SPDX-License-Identifier: Apache-2.0
package import CharmInterfaces

extension PostgreSQLDatabase {
    /// The server to connect to.
    ///
    /// A reading that is ready has at least one endpoint.
    private var primary: NetworkEndpoint? { endpoints.first }

    /// Which database this is, without the credentials: what may stand in state and logs.
    package var place: String { "\(primary.map(\.description) ?? "")/\(database)" }

    /// The connection URL, with the password in a file of its own.
    ///
    /// A password in the URL would have to be percent-encoded, and Indico's migrations take `%` for an interpolation
    /// and fail. In a file it also is not in what SQLAlchemy prints, and a new one needs no reload: each new
    /// connection reads it.
    func url(layout: WorkloadLayout) -> String {
        var parameters = ["passfile=\(layout.databasePassword)"]
        if usesTLS {
            parameters.append("sslmode=\(certificateAuthority == nil ? "require" : "verify-ca")")
            if certificateAuthority != nil { parameters.append("sslrootcert=\(layout.databaseAuthority)") }
        }
        return "postgresql://\(username)@\(place)?\(parameters.joined(separator: "&"))"
    }

    /// The password file as libpq reads it.
    var passwordFile: String {
        let fields = [primary?.host ?? "", String(primary?.port ?? 0), database, username, password]
        return fields.map(Self.escaped).joined(separator: ":") + "\n"
    }

    private static func escaped(_ field: String) -> String {
        field.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
            .split(separator: ":", omittingEmptySubsequences: false).joined(separator: "\\:")
    }

    /// Why Indico cannot use this database, if it cannot.
    var problem: String? {
        if primary == nil { return "endpoints: there is none" }
        for (key, value) in [("database", database), ("username", username)] where !Self.isPlain(value) {
            return "\(key): has other than the characters A-Z a-z 0-9 . _ -"
        }
        if password.unicodeScalars.contains(where: { $0 == "\n" || $0 == "\r" }) { return "password: has a line break" }
        return nil
    }

    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: ".-_".utf8.contains(byte)
                }
            }
    }
}
