// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// An `http` or `https` URL that another application gave, taken apart as far as it is needed.
public struct WebURL: Sendable, Hashable, CustomStringConvertible {
    /// Whether it is `https`.
    public let isSecure: Bool
    /// The host: a name or an address, an IPv6 address without brackets.
    public let host: String
    /// The port; nil for the scheme's own.
    public let port: Int?
    /// What follows the authority, empty or from its first slash on; without a trailing slash.
    public let path: String

    /// Reads a URL; nil when it is of another scheme, has no host, carries credentials, or has characters that a URL
    /// cannot hold.
    public init?(_ text: String) {
        let plain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"<>\\^`{|}".utf8.contains($0) }
        guard plain, text.utf8.count <= 2048 else { return nil }
        let lowered = text.prefix(8).lowercased()
        let rest: Substring
        if lowered.hasPrefix("https://") {
            (isSecure, rest) = (true, text.dropFirst(8))
        } else if lowered.hasPrefix("http://") {
            (isSecure, rest) = (false, text.dropFirst(7))
        } else {
            return nil
        }
        let authority = rest.prefix { !"/?#".contains($0) }
        guard !authority.contains("@") else { return nil }
        let named = authority.hasPrefix("[") ? authority.has("]:") : authority.contains(":")
        guard let endpoint = NetworkEndpoint(String(authority), defaultPort: isSecure ? 443 : 80) else { return nil }
        host = endpoint.host
        port = named ? endpoint.port : nil
        var tail = rest.dropFirst(authority.count)
        while tail.hasSuffix("/") { tail.removeLast() }
        path = String(tail)
    }

    /// The host, and the port where it is not the scheme's own, as they stand in a URL.
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port.map { "\(name):\($0)" } ?? name
    }

    /// The URL, without a trailing slash.
    public var description: String { "\(isSecure ? "https" : "http")://\(authority)\(path)" }
}
