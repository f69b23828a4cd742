// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// Has identity providers' metadata read by a module in Indico's own environment, which has the libraries for it.
package struct ProviderMetadata: Sendable {
    private let state: StateDirectory
    private let environment: [String: String]

    /// - Parameters:
    ///   - state: The installation.
    ///   - environment: That of the command; its proxies and authorities count.
    package init(state: StateDirectory, environment: [String: String]) {
        self.state = state
        self.environment = environment.filter { name, _ in
            name.lowercased().hasSuffix("_proxy") || ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"].contains(name)
        }
    }

    /// Asks an OpenID Connect provider what it offers.
    ///
    /// - Parameters:
    ///   - issuer: The provider's URL.
    ///   - authority: The path of certificates its own is issued by; nil where the system's authorities do.
    /// - Returns: The keys and values of the `oauth` interface.
    /// - Throws: ``OperatorError`` with what is wrong.
    package func openID(issuer: String, authority: String?) throws -> [String: String] {
        var request = ["issuer": issuer]
        request["authority"] = authority
        return try ask("openid", request)
    }

    /// Reads a SAML identity provider's metadata.
    ///
    /// - Parameters:
    ///   - source: A URL, or the path of a file.
    ///   - authority: The path of certificates the server's own is issued by; nil where the system's authorities do.
    /// - Returns: The keys and values of the `saml` interface.
    /// - Throws: ``OperatorError`` with what is wrong.
    package func saml(_ source: String, authority: String?) throws -> [String: String] {
        var request = ["source": source]
        request["authority"] = authority
        return try ask("saml", request)
    }

    private struct Reply: Decodable {
        var databag: [String: String]?
        var error: String?
    }

    private func ask(_ kind: String, _ request: [String: String]) throws -> [String: String] {
        let module = state.charm + "/workload/indico_providers.py"
        let python = state.pythonEnvironment + "/bin/python"
        guard FileStore.isExecutable(python), FileStore.exists(module) else {
            throw OperatorError("Indico is not installed yet", remedy: "Run 'indico-operator up' first.")
        }
        let input = Array(try JSONEncoder().encode(request))
        let outcome = try SetupCommand(python, ["-I", module, kind], environment: environment, input: input).run()
        guard let reply = try? JSONDecoder().decode(Reply.self, from: Data(outcome.standardOutput.utf8)) else {
            throw OperatorError(
                "the provider's metadata cannot be read",
                remedy: "It was to be done by \(python).",
                evidence: Array(outcome.lastLines.suffix(4))
            )
        }
        guard let databag = reply.databag else {
            throw OperatorError(reply.error ?? "the provider's metadata cannot be read")
        }
        return databag
    }
}
