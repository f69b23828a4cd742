// SPDX-License-Identifier: Apache-2.0

/// As much of a URL as a check or a log target needs.
struct WebURL: Equatable, Sendable {
    enum Scheme: String, Sendable {
        case http
        case https

        var defaultPort: Int { self == .http ? 80 : 443 }
    }

    var scheme: Scheme
    var host: String
    var port: Int
    /// Path and query.
    var target: String
    /// Name and password, as `name:password`; never shown.
    var credentials: String?

    /// Reads `http://host[:port][/path]`, or the same with `https`.
    init(_ text: String) throws(ProbeFailure) {
        let word = text.prefix { $0 != ":" }
        guard let scheme = Scheme(rawValue: String(word)), text.hasPrefix("\(word)://") else {
            throw ProbeFailure(description: "unsupported protocol scheme \"\(word)\"")
        }
        self.scheme = scheme
        let rest = text.dropFirst("\(word)://".count).prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest.dropFirst(authority.count)
        self.target = target.hasPrefix("/") ? String(target) : "/\(target)"
        var address = authority
        if let at = authority.lastIndex(of: "@") {
            address = authority[authority.index(after: at)...]
            // As in a path: a plus stands for itself.
            credentials = RequestTarget.decode(authority[..<at], plusIsBlank: false)
        }
        if address.hasPrefix("["), let end = address.firstIndex(of: "]") {
            host = String(address[address.index(after: address.startIndex)..<end])
            let digits = address[end...].dropFirst(2)
            port = digits.isEmpty ? scheme.defaultPort : Int(digits) ?? 0
        } else {
            let parts = address.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = String(parts.first ?? "")
            port = parts.count > 1 ? Int(parts[1]) ?? 0 : scheme.defaultPort
        }
        // A space or a line break would end the request's first line early and begin another.
        let isClean = "\(host)\(self.target)".unicodeScalars.allSatisfy { $0.value > 32 && $0.value != 127 }
        guard !host.isEmpty, (1...65535).contains(port), isClean else {
            throw ProbeFailure(description: "invalid host, port or path")
        }
    }

    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == scheme.defaultPort ? name : "\(name):\(port)"
    }

    var text: String { "\(scheme.rawValue)://\(authority)\(target)" }

    /// The same server's other page.
    func redirected(to target: String) -> WebURL {
        var next = self
        next.target = target
        return next
    }

    /// With something added to the path.
    func appending(_ path: String) -> WebURL {
        redirected(to: (target.hasSuffix("/") ? String(target.dropLast()) : target) + path)
    }
}
