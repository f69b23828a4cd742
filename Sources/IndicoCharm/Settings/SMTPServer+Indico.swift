// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces

extension SMTPServer {
    /// The ports on which a connection is plain at first, whatever a provider says: the existing charm takes "tls" to
    /// mean STARTTLS, and deployments rely on it there.
    private static let plainAtFirst: Set = [25, 587]

    /// Whether TLS begins with the first byte.
    var usesImplicitTLS: Bool { security == .tls && !Self.plainAtFirst.contains(endpoint.port) }

    /// The class that speaks to this server; nil for Indico's own, which does where nothing is encrypted.
    var backend: String? {
        guard security != .none else { return nil }
        let kind = usesImplicitTLS ? "ImplicitTLS" : "StartTLS"
        return "indico_mail.\(skipsCertificateVerification ? "Unverified" : "")\(kind)"
    }

    /// What `indico.conf` says of it.
    var assignments: [(name: String, value: PythonLiteral)] {
        var result: [(name: String, value: PythonLiteral)] = [
            ("SMTP_SERVER", .tuple([.string(endpoint.host), .integer(endpoint.port)])),
            ("SMTP_USE_TLS", .boolean(security != .none)),
            ("SMTP_LOGIN", user.map { .string($0) } ?? .none),
            ("SMTP_PASSWORD", password.map { .string($0) } ?? .none),
        ]
        if let backend { result.append(("EMAIL_BACKEND", .string(backend))) }
        guard let sender else { return result }
        // The server takes mail from this sender: what event managers put into From stays there, but the envelope,
        // which the server looks at, names the sender. Addresses of its domain go as they are.
        result.append(("SMTP_SENDER_FALLBACK", .string(sender)))
        result.append(("SMTP_ALLOWED_SENDERS", .set([domain.map { "*@\($0)" } ?? sender])))
        return result
    }
}
