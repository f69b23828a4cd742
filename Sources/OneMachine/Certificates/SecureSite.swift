// SPDX-License-Identifier: Apache-2.0
import Glibc
import UnitAgent

/// The site's address and whether nginx speaks HTTPS at it, as the charm's options have them.
package struct SecureSite {
    /// The options that go together.
    package enum Option {
        package static let secret = "tls_secret"
        package static let port = "https_port"
        package static let site = "site_url"
    }

    private let state: StateDirectory
    private let agent: AgentControlClient

    package init(state: StateDirectory) {
        self.state = state
        agent = AgentControlClient(socketPath: state.controlSocket)
    }

    /// Where nginx has what it shows visitors.
    private var servedPath: String { state.root + "/etc/nginx/tls.pem" }

    /// The certificate that is in use, as PEM; nil where there is none.
    package func served() throws -> String? {
        guard try value(Option.secret).map({ !$0.isEmpty }) ?? false else { return nil }
        return try FileStore.text(servedPath)
    }

    /// The URL people use.
    package func address() throws -> String { try value(Option.site) ?? HomePage().url }

    /// Puts a certificate to use; the charm takes it up by itself.
    ///
    /// - Parameters:
    ///   - certificate: The certificate.
    ///   - host: The host the site shall go by; nil to choose.
    ///   - port: Where HTTPS shall be spoken; nil to choose.
    /// - Returns: The site's URL.
    /// - Throws: ``OperatorError`` where the host or the port is none.
    package func use(_ certificate: SiteCertificate, host: String?, port: UInt16?) throws -> String {
        let present = Self.host(of: try address())
        let host = try certificate.host(wanted: host, present: present)
        let port = try choosePort(port)
        let site = "https://\(host)\(port == 443 ? "" : ":\(port)")"
        let before = try value(Option.secret) ?? ""
        let secret = try agent.addSecret(certificate.secret)
        do {
            try agent.setConfig([Option.secret: secret, Option.port: String(port), Option.site: site])
        } catch {
            try? agent.removeSecret(secret)
            throw error
        }
        if before.hasPrefix("secret:") { try agent.removeSecret(before) }
        return site
    }

    /// Goes back to plain HTTP; returns the site's URL.
    package func stop() throws -> String {
        let before = try value(Option.secret) ?? ""
        let site = "http://\(Self.host(of: try address())):\(HomePage.port)"
        try agent.setConfig([Option.secret: "", Option.site: site])
        if before.hasPrefix("secret:") { try agent.removeSecret(before) }
        return site
    }

    private func value(_ option: String) throws -> String? {
        try agent.config().first { $0.name == option }?.value?.text
    }

    /// The host of a URL.
    package static func host(of url: String) -> String {
        let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let authority = rest.prefix { $0 != "/" }
        if authority.hasPrefix("[") { return String(authority.prefix { $0 != "]" }) + "]" }
        return String(authority.prefix { $0 != ":" })
    }

    // MARK: - Ports

    /// The port asked for, else the one in use, else the usual one where it can be had.
    private func choosePort(_ wanted: UInt16?) throws -> UInt16 {
        let known = try agent.config().first { $0.name == Option.port }
        let used = known?.source == .user ? known?.value.flatMap { UInt16($0.text) } : nil
        let first = Self.firstPort(userID: geteuid(), limit: Self.lowestPort())
        let port = wanted ?? used ?? (first <= 443 ? 443 : 8443)
        guard port >= first else {
            throw OperatorError(
                "only root may have the port \(port)",
                remedy:
                    "Give one from \(first) on by --port, or have root say: sysctl net.ipv4.ip_unprivileged_port_start=\(port)"
            )
        }
        let ownDirectory = state.path + "/"
        let ports = [WantedPort(port, purpose: "HTTPS")] + (port == 443 ? [WantedPort(80, purpose: "HTTP")] : [])
        try PortCheck.check(
            ports,
            isFree: { $0.isFree() || PortHolder.find($0)?.arguments.contains { $0.contains(ownDirectory) } ?? false }
        )
        return port
    }

    /// The first port a user may take.
    static func firstPort(userID: UInt32, limit: UInt16) -> UInt16 { userID == 0 ? 1 : limit }

    private static func lowestPort() -> UInt16 {
        let text = (try? FileStore.text("/proc/sys/net/ipv4/ip_unprivileged_port_start")) ?? nil
        return text.flatMap { UInt16($0.filter(\.isNumber)) } ?? 1024
    }
}
