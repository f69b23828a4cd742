// SPDX-License-Identifier: Apache-2.0
package import UnitAgent

/// What an SMTP integrator would answer over `smtp`.
package struct MailRelay: Hashable, Sendable {
    package enum Security: String, CaseIterable, Sendable {
        case none
        case starttls
        case tls
    }

    package static let endpoint = "smtp"
    package static let applicationName = "smtp-integrator"

    package var host: String
    package var port: UInt16
    package var user: String
    package var password: String
    package var security: Security
    package var sender: String
    package var domain: String
    package var skipsCertificateCheck: Bool
    /// Certificates in PEM that the server's is issued by; empty where the system's authorities do.
    package var authority: String

    package init(
        host: String,
        port: UInt16,
        user: String = "",
        password: String = "",
        security: Security = .none,
        sender: String = "",
        domain: String = "",
        skipsCertificateCheck: Bool = false,
        authority: String = ""
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.security = security
        self.sender = sender
        self.domain = domain
        self.skipsCertificateCheck = skipsCertificateCheck
        self.authority = authority
    }

    package var answer: RemoteApplication {
        var databag: [String: DatabagValue] = [
            "host": .text(host),
            "port": .text(String(port)),
            "auth_type": .text(user.isEmpty ? "none" : "plain"),
            "transport_security": .text(security.rawValue),
            // The interface's reference implementation is Python, and this is how it writes a truth value.
            "skip_ssl_verify": .text(skipsCertificateCheck ? "True" : "False"),
        ]
        if !user.isEmpty { databag["user"] = .text(user) }
        if !domain.isEmpty { databag["domain"] = .text(domain) }
        if !sender.isEmpty { databag["smtp_sender"] = .text(sender) }
        if !authority.isEmpty { databag["tls-ca-chain"] = .text(PEMText.list(authority)) }
        var secrets: [String: [String: String]] = [:]
        if !password.isEmpty {
            databag["password_id"] = .secret("password")
            secrets["password"] = ["password": password]
        }
        return RemoteApplication(name: Self.applicationName, databag: databag, secrets: secrets)
    }
}
