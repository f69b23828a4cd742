// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces

/// What `indico.conf` says of an identity provider people sign in at by SAML.
enum SAMLSignOn {
    /// The provider's name in Indico, that of the existing charm: people's identities are stored under it.
    static let name = "ubuntu"

    /// The plugin that also brings the provider's groups.
    static let groupsPlugin = "saml_groups"

    static func authentication(_ provider: SAMLIdentityProvider, _ settings: IndicoSettings) -> PythonLiteral {
        var service: [(String, PythonLiteral)] = [("entityId", .string(settings.site.description))]
        // Indico fills in its own address; without the key it offers no place to sign out at.
        if provider.endpoint(SAMLIdentityProvider.logout) != nil {
            service.append(("singleLogoutService", .record([])))
        }
        return .record([
            ("type", .string("saml")),
            ("title", .string("Single sign-on")),
            (
                "saml_config",
                .record([
                    ("strict", .boolean(true)), ("sp", .record(service)), ("idp", .record(identityProvider(provider))),
                ])
            ),
        ])
    }

    private static func identityProvider(_ provider: SAMLIdentityProvider) -> [(String, PythonLiteral)] {
        var result: [(String, PythonLiteral)] = [("entityId", .string(provider.entityID))]
        if let only = provider.certificates.first, provider.certificates.count == 1 {
            result.append(("x509cert", .string(only)))
        } else {
            // While the provider changes from one to the next, either signs.
            let all = PythonLiteral.list(provider.certificates.map { .string($0) })
            let first = PythonLiteral.list(provider.certificates.prefix(1).map { .string($0) })
            result.append(("x509certMulti", .record([("signing", all), ("encryption", first)])))
        }
        for (key, service) in [
            ("singleSignOnService", SAMLIdentityProvider.signOn), ("singleLogoutService", SAMLIdentityProvider.logout),
        ] {
            guard let endpoint = provider.endpoint(service) else { continue }
            var values: [(String, PythonLiteral)] = [
                ("url", .string(endpoint.url)), ("binding", .string(endpoint.binding)),
            ]
            if let response = endpoint.responseURL { values.append(("responseUrl", .string(response))) }
            result.append((key, .record(values)))
        }
        return result
    }

    /// Who somebody is, by what the provider says.
    ///
    /// The address is trusted as in the existing charm: an institution's provider knows its people's addresses.
    static func identity(_ options: CharmOptions) -> PythonLiteral {
        .record([
            ("type", .string(options.plugins.contains(groupsPlugin) ? groupsPlugin : "saml")),
            ("synced_fields", .set(options.syncedFields)),
            ("title", .string("Single sign-on")),
            ("trusted_email", .boolean(true)),
            ("mapping", .record(options.samlMapping.map { ($0.field, .string($0.attribute)) })),
            ("identifier_field", .string(options.samlIdentifier)),
        ])
    }
}
