// SPDX-License-Identifier: Apache-2.0

/// A host and a port that another application gave.
public struct NetworkEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// A name or address; an IPv6 address without brackets.
    public let host: String
    /// The port, 1 to 65535.
    public let port: Int

    /// Creates an endpoint; nil when the host holds what no host name or address does, or the port is out of range.
    public init?(host: String, port: Int) {
        let bytes = host.utf8
        guard !bytes.isEmpty, bytes.count <= 255, bytes.allSatisfy(Self.mayBeInHost), host.first != "-" else {
            return nil
        }
        guard (1...65535).contains(port) else { return nil }
        self.host = host
        self.port = port
    }

    /// Reads `host:port` or `[address]:port`; nil when the text is not of that form.
    public init?(_ text: String, defaultPort: Int? = nil) {
        var host = text.drop { $0.isWhitespace }
        while host.last?.isWhitespace == true { host.removeLast() }
        var port = defaultPort
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return nil }
            let rest = host[host.index(after: end)...]
            host = host[..<end].dropFirst()
            if rest.hasPrefix(":") { port = Int(rest.dropFirst()) } else if !rest.isEmpty { return nil }
        } else if let colon = host.lastIndex(of: ":") {
            port = Int(host[host.index(after: colon)...])
            host = host[..<colon]
        }
        guard let port else { return nil }
        self.init(host: String(host), port: port)
    }

    /// The endpoint as it stands in a URI.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    private static func mayBeInHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "%"): true
        default: false
        }
    }
}

extension String {
    /// The text with everything but letters, digits and `-._~` percent-encoded, fit for any part of a URI.
    var percentEncoded: String {
        var encoded = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }
}

/// A boolean as Python's `str` or JSON writes it.
func boolean(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "true": true
    case "false": false
    default: nil
    }
}
