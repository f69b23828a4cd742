// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import PebbleAPI
import Testing

@testable import IndicoCharm

@Suite struct SignOnTests {
    /// What a provider of the `oauth` interface says, its client's secret in `secret:client`.
    static var databag: [String: String]? {
        let site = "https://id.example.com"
        return [
            "issuer_url": site, "authorization_endpoint": "\(site)/auth", "token_endpoint": "\(site)/token",
            "introspection_endpoint": "\(site)/introspect", "userinfo_endpoint": "\(site)/userinfo",
            "jwks_endpoint": "\(site)/jwks.json", "scope": "openid profile email phone", "client_id": "indico",
            "client_secret_id": "secret:client", "ca_chain": "[]",
        ]
    }

    private func provider(_ change: [String: String] = [:]) throws -> OAuthProviderInfo {
        let databag = try #require(Self.databag).merging(change) { $1 }
        let reading = try OAuth.read(RemoteDatabags(application: databag)) { _ in .content(["secret": "s"]) }
        return try #require(reading.value)
    }

    private func conf(_ provider: OAuthProviderInfo?) throws -> String {
        IndicoConf.render(try sampleSettings { $0.signOn = provider }, layout: .image)
    }

    @Test func `without a provider Indico's own accounts are as ever`() throws {
        let text = try conf(nil)
        #expect(!text.contains("AUTH_PROVIDERS"))
        #expect(!text.contains("LOCAL_REGISTRATION"))
    }

    @Test func `only offered scopes are asked for, openid always`() throws {
        #expect(try conf(provider()).contains("{'scope': 'openid profile email'}"))
        #expect(try conf(provider(["scope": "email"])).contains("{'scope': 'openid email'}"))
    }

    @Test func `a provider with an authority of its own is verified against it`() throws {
        let text = try conf(provider(["ca_chain": #"["-----BEGIN CERTIFICATE-----"]"#]))
        #expect(text.contains("'verify': '/srv/indico/etc/oauth-ca.pem'"))
    }

    @Test func `name and address come from the endpoint that promises them`() throws {
        #expect(try conf(provider()).contains("'use_id_token': False"))
    }

    @Test func `fields are kept as the provider has them where that is asked for, by one provider only`() throws {
        let saml = SAMLIdentityProvider(entityID: "i", certificates: ["A"])
        func conf(_ identities: SAMLIdentityProvider?) throws -> String {
            let settings = try sampleSettings {
                $0.signOn = try? provider()
                $0.options.syncedFields = ["first_name", "last_name"]
                $0.external.identities = identities
            }
            return IndicoConf.render(settings, layout: .image)
        }
        let kept = "'synced_fields': {'first_name', 'last_name'}"
        #expect(try conf(nil).contains("'trusted_email': False, \(kept)"))
        let both = try conf(saml)
        #expect(both.contains("'trusted_email': False, 'synced_fields': set()"))
        #expect(both.contains("'type': 'saml', \(kept)"))
        let (_, _, problems) = CharmOptions.parse(["synced_fields": .string("first_name,email")], application: "indico")
        #expect(problems.map { $0.hasPrefix("synced_fields must list fields") } == [true])
    }

    @Test func `an address somebody wrote down at the provider opens no account`() throws {
        #expect(try conf(provider()).contains("'trusted_email': False"))
    }
}
