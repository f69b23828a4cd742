// SPDX-License-Identifier: Apache-2.0
package import ServerCertificates

/// A certificate with its key for the site, looked at before anything is changed.
package struct SiteCertificate: Hashable, Sendable {
    /// The certificate and those that lead from it to an authority, as PEM.
    package let certificate: String
    /// Its key, as PEM.
    package let key: String
    package let facts: ServerCertificate

    /// Reads a pair from two files.
    ///
    /// - Parameters:
    ///   - certificatePath: The file with the certificate and those that lead from it to an authority.
    ///   - keyPath: The file with its key.
    ///   - time: The present time, in seconds since 1970.
    /// - Throws: ``OperatorError`` that names the file and what is wrong with it.
    package init(certificatePath: String, keyPath: String, at time: Int64) throws {
        certificate = try Self.text(certificatePath)
        key = try Self.text(keyPath)
        do throws(CertificateProblem) {
            facts = try ServerCertificate(certificate: certificate, key: key)
        } catch {
            throw Self.explain(error, certificatePath, keyPath)
        }
        if let problem = facts.problem(at: time) {
            throw OperatorError(
                "\(certificatePath): \(problem)",
                remedy: "Nothing was changed. Give one that is valid."
            )
        }
        guard !facts.names.isEmpty else {
            throw OperatorError(
                "\(certificatePath): the certificate is for no name",
                remedy: "Browsers look at its subject alternative names only; have one made that has them."
            )
        }
    }

    /// One without a text, to be asked about names.
    init(facts: ServerCertificate) {
        (certificate, key, self.facts) = ("", "", facts)
    }

    private static func text(_ path: String) throws -> String {
        guard let text = try FileStore.text(path) else { throw OperatorError("\(path) is not there") }
        return text.hasSuffix("\n") ? text : text + "\n"
    }

    private static func explain(_ problem: CertificateProblem, _ certificate: String, _ key: String) -> OperatorError {
        switch problem {
        case .noLibrary: OperatorError("\(problem)", remedy: "Install what is missing: apt-get install libssl3")
        case .noCertificate: OperatorError("\(certificate): \(problem)")
        case .noKey:
            OperatorError(
                "\(key): \(problem)",
                remedy: "A password can be taken off: openssl pkey -in \(key) -out FILE"
            )
        case .otherKey:
            OperatorError(
                "\(key): \(problem)",
                remedy: "The site's own certificate has to come first in \(certificate), those of authorities after it."
            )
        }
    }

    /// The host the site shall go by.
    ///
    /// - Parameters:
    ///   - wanted: The one that was asked for; nil to choose.
    ///   - present: The one it goes by.
    /// - Returns: The one asked for, else the present one if the certificate is for it, else its first name.
    /// - Throws: ``OperatorError`` where the certificate is not for the host.
    package func host(wanted: String?, present: String) throws(OperatorError) -> String {
        let names = facts.names.joined(separator: ", ")
        if let wanted {
            guard facts.covers(wanted) else {
                throw OperatorError("the certificate is not for \(wanted), but for \(names)")
            }
            return wanted.lowercased()
        }
        if facts.covers(present) { return present }
        guard let name = facts.names.first(where: { !$0.hasPrefix("*") }) else {
            throw OperatorError("the certificate is for \(names)", remedy: "Say by --host which name people use.")
        }
        return name.contains(":") ? "[\(name)]" : name
    }

    /// What is kept for the charm, by the keys it looks for.
    package var secret: [String: String] { ["certificate": certificate, "private-key": key] }
}
