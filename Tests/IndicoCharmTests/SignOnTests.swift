// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
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

    @Test func `an address somebody wrote down at the provider opens no account`() throws {
        #expect(try conf(provider()).contains("'trusted_email': False"))
    }
}
