// SPDX-License-Identifier: Apache-2.0

/// The address of a server somebody else runs, as given on the command line: `scheme://user:password@host:port/name`.
package struct ServerURL: Codable, Hashable, Sendable {
    package var scheme: String
    package var user: String
    package var password: String
    package var host: String
    package var port: UInt16
    /// What follows the first slash: a database.
    package var name: String

    package init(scheme: String, user: String, password: String, host: String, port: UInt16, name: String) {
        self.scheme = scheme
        self.user = user
        self.password = password
        self.host = host
        self.port = port
        self.name = name
    }

    /// Reads a PostgreSQL address; user, password and database have to be in it.
    package static func postgresql(_ text: String) throws(OperatorError) -> ServerURL {
        let url = try parse(text, schemes: ["postgresql", "postgres"], defaultPort: 5432, option: "--database-uri")
        guard !url.user.isEmpty, !url.password.isEmpty, !url.name.isEmpty else {
            throw OperatorError(
                "--database-uri lacks \(url.user.isEmpty ? "the user" : url.password.isEmpty ? "the password" : "the database")",
                remedy: "It is written postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
            )
        }
        return url
    }

    /// Reads the address of a Redis server.
    package static func redis(_ text: String, option: String) throws(OperatorError) -> ServerURL {
        let url = try parse(text, schemes: ["redis"], defaultPort: 6379, option: option)
        guard url.name.isEmpty || url.name == "0" else {
            throw OperatorError(
                "\(option) names the database \(url.name), and only the first one, 0, can be used",
                remedy:
                    "The redis interface carries no database number. Give a server of its own, or leave the number out."
            )
        }
        return url
    }

    private static func parse(
        _ text: String,
        schemes: [String],
        defaultPort: UInt16,
        option: String
    ) throws(OperatorError) -> ServerURL {
        // The value is not repeated in the message: there is a password in it.
        let problem = OperatorError(
            "\(option) is not an address",
            remedy:
                "It is written \(schemes[0])://USER:PASSWORD@HOST:PORT\(schemes[0] == "postgresql" ? "/DATABASE" : ""); characters such as @ / : in a password as %40 %2F %3A."
        )
        guard let range = text.firstRange(of: "://"), schemes.contains(String(text[..<range.lowerBound])) else {
            throw problem
        }
        let scheme = String(text[..<range.lowerBound])
        var rest = text[range.upperBound...].prefix { $0 != "?" && $0 != "#" }
        var url = ServerURL(scheme: scheme, user: "", password: "", host: "", port: defaultPort, name: "")
        if let slash = rest.firstIndex(of: "/") {
            guard let name = decoded(rest[rest.index(after: slash)...]) else { throw problem }
            url.name = name
            rest = rest[..<slash]
        }
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let user = decoded(parts[0]), let password = decoded(parts.count > 1 ? parts[1] : "") else {
                throw problem
            }
            url.user = user
            url.password = password
            rest = rest[rest.index(after: at)...]
        }
        try readHost(rest, into: &url, problem: problem)
        return url
    }

    private static func readHost(
        _ text: Substring,
        into url: inout ServerURL,
        problem: OperatorError
    ) throws(OperatorError) {
        var host = text
        // An IPv6 address stands in brackets, as its colons would look like a port's.
        let colon = host.hasSuffix("]") ? nil : host.lastIndex(of: ":")
        if let colon {
            guard let port = UInt16(host[host.index(after: colon)...]), port > 0 else { throw problem }
            url.port = port
            host = host[..<colon]
        }
        guard !host.isEmpty, !host.contains(where: { $0 == " " || $0 == "@" }) else { throw problem }
        url.host = String(host)
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(Substring(rest.prefix(2))), radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The text with everything that has a meaning in an address written as `%XX`.
    package static func encoded(_ text: String) -> String {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        let digits = Array("0123456789ABCDEF")
        return text.utf8.map { byte in
            plain.contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + String(digits[Int(byte >> 4)]) + String(digits[Int(byte & 15)])
        }.joined()
    }
}
