// SPDX-License-Identifier: Apache-2.0
package import UnitAgent

/// What a charm of an OpenID Connect provider would answer over `oauth`.
package struct OpenIDProvider: Hashable, Sendable {
    package static let endpoint = "oauth"
    package static let applicationName = "openid-provider"
    /// Where the provider sends people back to, below the site's URL: Indico's path for a provider of this endpoint.
    package static let callbackPath = "/multipass/authlib/oauth"

    /// What the provider says of itself, by the keys of the interface.
    package var metadata: [String: String]
    package var clientID: String
    package var clientSecret: String
    /// Certificates in PEM that the provider's is issued by; empty where the system's authorities do.
    package var authority: String

    package init(metadata: [String: String], clientID: String, clientSecret: String, authority: String = "") {
        self.metadata = metadata
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.authority = authority
    }

    package var answer: RemoteApplication {
        var databag = metadata.mapValues { DatabagValue.text($0) }
        databag["client_id"] = .text(clientID)
        databag["client_secret_id"] = .secret("client")
        if !authority.isEmpty { databag["ca_chain"] = .text(PEMText.list(authority)) }
        return RemoteApplication(
            name: Self.applicationName,
            databag: databag,
            secrets: ["client": ["secret": clientSecret]]
        )
    }
}

/// What a SAML integrator would answer over `saml`.
package struct SAMLIdentities: Hashable, Sendable {
    package static let endpoint = "saml"
    package static let applicationName = "saml-integrator"
    /// Where Indico's own metadata are, below the site's URL.
    package static let metadataPath = "/multipass/saml/ubuntu/metadata"

    /// What the provider's metadata say, by the keys of the interface.
    package var metadata: [String: String]

    package init(metadata: [String: String]) {
        self.metadata = metadata
    }

    package var answer: RemoteApplication {
        RemoteApplication(name: Self.applicationName, databag: metadata.mapValues { .text($0) })
    }
}
