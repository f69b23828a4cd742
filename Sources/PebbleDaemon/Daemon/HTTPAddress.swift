// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// A TCP address as people write it: `host:port`, `:port` or `[host]:port`.
enum HTTPAddress {
    static func parse(_ text: String) throws(DaemonError) -> (host: String, port: Int) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else {
            throw DaemonError(.invalid, "cannot listen on \"\(text)\": must look like \"host:port\" or \":port\"")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return (String(host), port)
    }

    static func text(_ address: SocketAddress) -> String {
        let host = address.ipAddress ?? ""
        return "\(host.contains(":") ? "[\(host)]" : host):\(address.port ?? 0)"
    }
}
