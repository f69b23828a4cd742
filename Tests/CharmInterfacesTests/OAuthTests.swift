// SPDX-License-Identifier: Apache-2.0

import CharmInterfaces
import CharmKit
import CharmTesting
import Testing

@Suite struct OAuthTests {
    private func recorded() throws -> (databag: [String: String], secret: [String: String], PlainRecording) {
        let recording = try PlainRecording("t03-oauth-leader")
        let databag = try #require(recording.remote("oauth")?.remoteApplicationData)
        return (databag, try #require(recording.input.secrets?.first?.content), recording)
    }

    @Test func `the recorded provider is read, its secret too`() throws {
        let (databag, secret, _) = try recorded()
        let result = try OAuth.read(RemoteDatabags(application: databag)) { _ in .content(secret) }
        let provider = try #require(result.value)
        #expect(provider.issuer == "https://hydra.example.com")
        #expect(provider.clientID == "client-123")
        #expect(provider.clientSecret == "client-secret-value")
        #expect(provider.certificateChain == [])
    }

    @Test func `we register as it was recorded`() throws {
        let client = OAuthClient(redirectURI: "https://indico.example.com/callback")
        #expect(try recorded().2.written("oauth")?.localApplicationData == client.applicationDatabag)
        #expect(OAuthClient(redirectURI: "r", scopes: ["email"]).scopes == ["openid", "email"])
    }

    @Test(arguments: [
        "issuer_url", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_endpoint", "scope",
        "client_id", "client_secret_id",
    ])
    func `a provider that has not finished is waited for by name`(key: String) throws {
        var (databag, secret, _) = try recorded()
        databag[key] = ""
        #expect(try OAuth.read(RemoteDatabags(application: databag)) { _ in .content(secret) } == .waiting(key))
    }

    @Test func `a secret that cannot be read yet is waited for, one without its value is refused`() throws {
        let databags = RemoteDatabags(application: try recorded().databag)
        #expect(
            try OAuth.read(databags) { _ in .waiting("it") } == .waiting("access to the secret in client_secret_id")
        )
        guard case .invalid(let reason) = try OAuth.read(databags, secret: { _ in .content([:]) }) else {
            Issue.record("it was read")
            return
        }
        #expect(reason.hasPrefix("client_secret_id:"))
    }

    @Test(arguments: [("token_endpoint", "hydra"), ("ca_chain", "PEM"), ("issuer_url", "file:///etc/passwd")])
    func `a value that cannot be used is refused with its key`(key: String, value: String) throws {
        let (databag, secret, _) = try recorded()
        let databags = RemoteDatabags(application: databag.merging([key: value]) { $1 })
        guard case .invalid(let reason) = try OAuth.read(databags, secret: { _ in .content(secret) }) else {
            Issue.record("\(key)=\(value) was read")
            return
        }
        #expect(reason.hasPrefix("\(key):"))
    }
}
