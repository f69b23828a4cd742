// SPDX-License-Identifier: Apache-2.0

/// Where the broker is: `redis://[user][:password]@host[:port][/database]`, or `rediss://` over TLS.
struct BrokerURL: Sendable, Equatable {
    /// Why a text is no broker this exporter can watch; never shows the text, which may hold a password.
    enum Problem: Error, CustomStringConvertible, Equatable {
        /// Not a URL at all.
        case malformed
        /// A word after the question mark that TLS has no use for.
        case security(String)
        /// Another kind of broker.
        case unsupported(scheme: String)
        /// A port that is no port.
        case port
        /// A database that is no number.
        case database

        var description: String {
            switch self {
            case .malformed: "the broker URL is not of the form redis://[user:password@]host[:port]/database"
            case .security(let problem): "the broker URL's query: \(problem)"
            case .unsupported(let scheme):
                "brokers of the kind \"\(scheme)\" are not supported; use redis:// or rediss://"
            case .port: "the port of the broker URL is not a number between 1 and 65535"
            case .database: "the database of the broker URL is not a number"
            }
        }
    }

    /// The user name; nil for the default user.
    let user: String?
    /// The password; nil where the broker asks for none.
    let password: String?
    /// The host name or address, without brackets.
    let host: String
    /// The port.
    let port: Int
    /// The database's number.
    let database: Int
    /// How TLS is to be; nil without TLS.
    var security: BrokerSecurity?

    /// Reads a URL.
    ///
    /// - Parameter text: The URL.
    /// - Throws: `Problem` naming the part that is wrong.
    init(_ text: String) throws(Problem) {
        guard let mark = text.firstRange(of: "://") else { throw .malformed }
        let scheme = text[..<mark.lowerBound].lowercased()
        guard scheme == "redis" || scheme == "rediss" else { throw .unsupported(scheme: scheme) }
        let rest = text[mark.upperBound...].prefix { $0 != "?" && $0 != "#" }
        security = scheme == "rediss" ? try Self.security(text[rest.endIndex...]) : nil
        // A password may hold a slash or an at sign that was not encoded; the host cannot.
        let at = rest.lastIndex(of: "@")
        let place = at.map { rest[rest.index(after: $0)...] } ?? rest
        let credentials = at.map { rest[..<$0] } ?? ""
        let parts = credentials.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        user = parts.first.flatMap { $0.isEmpty ? nil : Self.decoded($0) }
        password = parts.count > 1 && !parts[1].isEmpty ? Self.decoded(parts[1]) : nil
        let slash = place.firstIndex(of: "/") ?? place.endIndex
        (host, port) = try Self.address(place[..<slash])
        let path = place[slash...].dropFirst()
        guard let database = path.isEmpty ? 0 : Int(path), database >= 0 else { throw .database }
        self.database = database
    }

    private static func security(_ query: Substring) throws(Problem) -> BrokerSecurity {
        var security = BrokerSecurity()
        for setting in query.drop(while: { $0 == "?" }).prefix(while: { $0 != "#" }).split(separator: "&") {
            let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            // Other settings are the client library's, such as its time-outs.
            guard parts[0].hasPrefix("ssl_") else { continue }
            do {
                try security.set(String(parts[0]), parts.count > 1 ? decoded(parts[1]) : "")
            } catch {
                throw .security("\(error)")
            }
        }
        return security
    }

    private static func address(_ text: Substring) throws(Problem) -> (String, Int) {
        var host = text
        var port = 6379
        let bracket = text.lastIndex(of: "]") ?? text.startIndex
        if let colon = text.lastIndex(of: ":"), colon >= bracket {
            host = text[..<colon]
            guard let read = Int(text[text.index(after: colon)...]), (1...65_535).contains(read) else { throw .port }
            port = read
        }
        if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
        return (host.isEmpty ? "localhost" : String(host), port)
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                rest.count >= 2
            {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension BrokerURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The URL with its password hidden, as it may be logged and shown.
    var description: String {
        let name = user ?? ""
        let credentials = password == nil && user == nil ? "" : password == nil ? "\(name)@" : "\(name):**@"
        let shown = host.contains(":") ? "[\(host)]" : host
        return "\(security == nil ? "redis" : "rediss")://\(credentials)\(shown):\(port)/\(database)"
    }

    var debugDescription: String { description }

    var customMirror: Mirror { Mirror(self, children: [:]) }
}
