// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces

extension SMTPServer {
    /// Why Indico cannot use this server, if it cannot.
    ///
    /// Indico 3.2 can only start TLS on a plain connection. A server that says "tls" on another port than 465 is taken
    /// to mean that, as the existing charm does.
    var problem: String? {
        guard security == .tls, endpoint.port == 465 else { return nil }
        return "transport_security: this Indico cannot use implicit TLS (port 465); offer starttls, usually on port 587"
    }
}
