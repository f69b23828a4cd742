// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import NIOCore

/// A TCP address as people write it: `host:port`, `:port` or `[host]:port`.
enum HTTPAddress {
    static func parse(_ text: String, to verb: String = "listen") throws(DaemonError) -> (host: String, port: Int) {
        guard let colon = text.lastIndex(of: ":") else {
            throw DaemonError(
                .invalid,
                "cannot \(verb) on \"\(text)\": listen tcp: address \(text): missing port in address"
            )
        }
        let digits = text[text.index(after: colon)...]
        guard let port = Int(digits) else {
            throw DaemonError(.invalid, "cannot \(verb) on \"\(text)\": listen tcp: lookup tcp/\(digits): unknown port")
        }
        guard (0...65535).contains(port) else {
            throw DaemonError(.invalid, "cannot \(verb) on \"\(text)\": listen tcp: address \(digits): invalid port")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return (String(host), port)
    }

    /// Says of what goes wrong which address it was about.
    static func listening<Value>(
        on text: String,
        to verb: String = "listen",
        _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch let error as IOError {
            let reason = SystemError.reason(error.errnoCode)
            throw DaemonError(.failed, "cannot \(verb) on \"\(text)\": listen tcp \(text): bind: \(reason)")
        } catch {
            throw DaemonError(.failed, "cannot \(verb) on \"\(text)\": listen tcp \(text): \(error)")
        }
    }

    static func text(_ address: SocketAddress) -> String {
        let host = address.ipAddress ?? ""
        return "\(host.contains(":") ? "[\(host)]" : host):\(address.port ?? 0)"
    }
}
