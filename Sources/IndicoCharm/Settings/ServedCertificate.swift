// SPDX-License-Identifier: Apache-2.0
package import CharmInterfaces
package import ServerCertificates

/// The certificate nginx shows visitors, with its key.
package struct ServedCertificate: Hashable, Sendable {
    /// The certificate and those that lead from it to an authority, as PEM.
    package var chain: String
    /// Its key, as PEM.
    package var key: String
    package var facts: ServerCertificate
    /// Why visitors do not take it at present, if they do not: its time.
    package var problem: String?

    /// When it ends to be valid, in seconds since 1970.
    var end: Int64 { facts.notAfter }

    /// What nginx reads: one file, so that there is never a certificate with another one's key.
    var file: String { chain + key }

    /// Reads what a secret holds.
    ///
    /// - Parameters:
    ///   - content: The secret's values by key.
    ///   - time: The present time, in seconds since 1970.
    /// - Returns: The certificate, or why it cannot be used whatever the time.
    package static func read(_ content: [String: String], at time: Int64) -> RelationReading<ServedCertificate> {
        func value(_ key: String) -> String {
            let text = String(content[key, default: ""].drop(while: \.isWhitespace))
            return text.isEmpty || text.hasSuffix("\n") ? text : text + "\n"
        }
        let (certificate, key) = (value("certificate"), value("private-key"))
        for (name, text) in [("certificate", certificate), ("private-key", key)] where text.isEmpty {
            return .invalid("the secret has no value named \(name)")
        }
        let chain = certificate + value("chain")
        do throws(CertificateProblem) {
            let facts = try ServerCertificate(certificate: chain, key: key)
            return .ready(ServedCertificate(chain: chain, key: key, facts: facts, problem: facts.problem(at: time)))
        } catch {
            return .invalid(error.description)
        }
    }

    /// Why it cannot be used for a site, if it cannot.
    ///
    /// - Parameters:
    ///   - site: The URL under which people reach Indico.
    ///   - surroundings: Who else leads visitors here.
    /// - Returns: A sentence that names the option.
    func conflict(_ site: SiteURL, _ surroundings: Surroundings) -> String? {
        if surroundings.hasRoute || !surroundings.ingress.isAbsent {
            return
                "tls_secret cannot be used behind an ingress, which ends TLS itself: reset it, or remove the relation"
        }
        guard site.scheme == "https" else { return "site_url must start with https:// where tls_secret is set" }
        guard !facts.covers(site.host) else { return nil }
        let names = facts.names.prefix(5).joined(separator: ", ")
        return
            "tls_secret: the certificate is for \(names.isEmpty ? "no name" : names), and site_url names \(site.host)"
    }
}
