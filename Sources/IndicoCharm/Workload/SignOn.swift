// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces

/// What `indico.conf` says of the provider people sign in at.
enum SignOn {
    /// The provider's name in Indico; people's identities are stored under it, so it never changes.
    private static let name = "oauth"

    /// Where the provider sends people back to: Indico's own path for a provider of this name.
    static let callbackPath = "/multipass/authlib/\(name)"

    /// Indico's own accounts stay unless an option says otherwise, so that administrators get in while the provider is
    /// away; but nobody makes himself a new one beside the provider.
    static func assignments(
        _ settings: IndicoSettings,
        layout: WorkloadLayout
    ) -> [(name: String, value: PythonLiteral)] {
        var authentication: [(String, PythonLiteral)] = []
        var identity: [(String, PythonLiteral)] = []
        if let provider = settings.signOn {
            authentication.append((name, self.authentication(provider, layout: layout)))
            // Indico takes fields from one provider only: from SAML's where there are two.
            let fields = settings.external.identities == nil ? settings.options.syncedFields : []
            identity.append((name, self.identity(synced: fields)))
        }
        if let provider = settings.external.identities {
            authentication.append((SAMLSignOn.name, SAMLSignOn.authentication(provider, settings)))
            identity.append((SAMLSignOn.name, SAMLSignOn.identity(settings.options)))
        }
        guard !authentication.isEmpty else { return [] }
        return [
            ("AUTH_PROVIDERS", .record(authentication)), ("IDENTITY_PROVIDERS", .record(identity)),
            ("LOCAL_IDENTITIES", .boolean(settings.options.localIdentities)), ("LOCAL_REGISTRATION", .boolean(false)),
        ]
    }

    private static func authentication(_ provider: OAuthProviderInfo, layout: WorkloadLayout) -> PythonLiteral {
        // Only what is offered can be asked for.
        let offered = provider.scope.split(separator: " ").map(String.init)
        let scopes = ["openid", "profile", "email"].filter { $0 == "openid" || offered.contains($0) }
        let scope = PythonLiteral.string(scopes.joined(separator: " "))
        let connection: KeyValuePairs<String, PythonLiteral> =
            provider.certificateChain.isEmpty
            ? ["scope": scope] : ["scope": scope, "verify": .string(layout.signOnAuthority)]
        return .dictionary([
            "type": .string("authlib"),
            "title": .string("Single sign-on"),
            // Name and address are promised at that endpoint; many providers put them nowhere else.
            "use_id_token": .boolean(false),
            "authlib_args": .dictionary([
                "client_id": .string(provider.clientID),
                "client_secret": .string(provider.clientSecret),
                "issuer": .string(provider.issuer),
                "authorize_url": .string(provider.authorizationEndpoint),
                "access_token_url": .string(provider.tokenEndpoint),
                "userinfo_endpoint": .string(provider.userInfoEndpoint),
                "jwks_uri": .string(provider.keysEndpoint),
                "client_kwargs": .dictionary(connection),
            ]),
        ])
    }

    /// Who somebody is, by what the provider says; the address is not trusted.
    ///
    /// Whoever comes with the address of an account that exists must first show, by a mail to it, that it is theirs: a
    /// provider may let people write down any address.
    private static func identity(synced fields: [String]) -> PythonLiteral {
        .dictionary([
            "type": .string("authlib"),
            "title": .string("Single sign-on"),
            "identifier_field": .string("sub"),
            "mapping": .dictionary(["first_name": .string("given_name"), "last_name": .string("family_name")]),
            "trusted_email": .boolean(false),
            "synced_fields": .set(fields),
        ])
    }
}
