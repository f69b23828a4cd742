// SPDX-License-Identifier: Apache-2.0

/// Where to listen, as exporters' flags write it: `:9102`, `127.0.0.1:9102`, `[::1]:9102`.
package struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// The host without brackets; nil means every interface.
    package let host: String?
    /// The port; 0 lets the kernel choose.
    package let port: Int

    /// Creates an address.
    package init(host: String?, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads an address, or returns nil where the text is none.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        guard let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port) else { return nil }
        var host = text[..<colon]
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        self.init(host: host.isEmpty ? nil : String(host), port: port)
    }

    /// The hosts to try in order; every interface means both families where the kernel has IPv6.
    package var hostsToTry: [String] { host.map { [$0] } ?? ["::", "0.0.0.0"] }

    /// The address as flags write it.
    package var description: String {
        guard let host else { return ":\(port)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// An address that could not be listened on.
package struct ListenFailure: Error, CustomStringConvertible, Sendable {
    private let what: String
    private let address: String
    private let reason: String

    /// Creates a failure to listen for `what` on `address`.
    package init(_ what: String, on address: String, reason: any Error) {
        self.what = what
        self.address = address
        self.reason = String(describing: reason)
    }

    /// What could not be listened on, and why.
    package var description: String {
        "cannot listen for \(what) on \(address): \(reason); stop what uses it or choose another address"
    }
}
