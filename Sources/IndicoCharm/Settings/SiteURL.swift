// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// The URL under which people reach Indico: a scheme, a host and maybe a port.
package struct SiteURL: Hashable, Sendable, CustomStringConvertible {
    package let scheme: String
    /// The host in lower case; an IPv6 address in brackets.
    package let host: String
    /// The port, unless it is the scheme's own.
    package let port: Int?

    /// The host and, if it is not the scheme's own, the port, as in a request's `Host`.
    package var authority: String { port.map { "\(host):\($0)" } ?? host }

    package var description: String { "\(scheme)://\(authority)" }

    /// The URL when none is configured, as in the existing charm.
    package init(application: String) {
        scheme = "http"
        host = "\(application).local"
        port = nil
    }

    /// Reads a URL.
    ///
    /// - Parameter text: What was configured.
    /// - Throws: ``SiteURLError`` that says what to write instead.
    package init(_ text: String) throws(SiteURLError) {
        guard let end = text.place(of: "://") else { throw SiteURLError("must start with http:// or https://") }
        let scheme = text[..<end.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { throw SiteURLError("must start with http:// or https://") }
        var rest = text[end.upperBound...]
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.contains("/"), !rest.contains("?"), !rest.contains("#") else {
            throw SiteURLError("must not have a path: write \(scheme)://HOST[:PORT]")
        }
        guard !rest.contains("@") else { throw SiteURLError("must not have a user name") }
        let (host, port) = try Self.split(rest, scheme: scheme)
        guard Self.isHost(host) else { throw SiteURLError("must have a host name or an address after \(scheme)://") }
        self.scheme = scheme
        self.host = host
        self.port = port == (scheme == "http" ? 80 : 443) ? nil : port
    }

    private static func split(_ text: Substring, scheme: String) throws(SiteURLError) -> (host: String, port: Int?) {
        let hostEnd: Substring.Index
        if text.hasPrefix("[") {
            guard let closing = text.firstIndex(of: "]") else {
                throw SiteURLError("must close the bracket of its IPv6 address")
            }
            hostEnd = text.index(after: closing)
        } else {
            hostEnd = text.firstIndex(of: ":") ?? text.endIndex
        }
        let host = text[..<hostEnd].lowercased()
        let rest = text[hostEnd...]
        guard !rest.isEmpty else { return (host, nil) }
        let digits = rest.dropFirst()
        guard rest.hasPrefix(":"), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), (1...65535).contains(port)
        else { throw SiteURLError("must have a port from 1 to 65535 after the host, or none") }
        return (host, port)
    }

    private static func isHost(_ host: String) -> Bool {
        if host.hasPrefix("[") {
            return host.count > 3
                && host.dropFirst().dropLast().utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
                    default: ":.".utf8.contains(byte)
                    }
                }
        }
        return (1...253).contains(host.utf8.count)
            && host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.utf8.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                        default: "-_".utf8.contains(byte)
                        }
                    }
            }
    }
}

/// What is wrong with a site URL, continuing "site_url …".
package struct SiteURLError: Error, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
