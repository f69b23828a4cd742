// SPDX-License-Identifier: Apache-2.0

import CharmInterfaces
import CharmKit
import CharmTesting
import Testing

@Suite struct SAMLTests {
    private func recorded() throws -> SAMLIdentityProvider {
        try #require(try reading(in: Recording("13-saml").world) { try SAML.read("saml", $0) }.0.value)
    }

    @Test func `the recorded provider is read whole`() throws {
        let provider = try recorded()
        #expect(provider.entityID == "https://login.staging.ubuntu.com")
        #expect(provider.metadata?.description == "https://login.staging.ubuntu.com/saml/metadata")
        #expect(provider.certificates == ["MIICertOne", "MIICertTwo"])
        #expect(provider.endpoints.count == 3)
    }

    @Test func `of two bindings the one we can send by is used, with its slash and its response`() throws {
        let provider = try recorded()
        #expect(provider.endpoint(SAMLIdentityProvider.signOn)?.url == "https://login.staging.ubuntu.com/saml/")
        let logout = try #require(provider.endpoint(SAMLIdentityProvider.logout))
        #expect(logout.responseURL == "https://login.staging.ubuntu.com/+logout2")
        #expect(provider.endpoint("ArtifactResolutionService") == nil)
    }

    @Test(arguments: ["entity_id", "x509certs", "single_sign_on_service_redirect_binding"])
    func `a provider that has not finished is waited for by name`(key: String) throws {
        var databag = SAMLProvider(try recorded()).applicationDatabag
        databag[key] = nil
        #expect(SAML.read(RemoteDatabags(application: databag)) == .waiting(key))
    }

    @Test func `a provider without a way to sign in is waited for`() {
        let databag = ["entity_id": "e", "x509certs": "MII", "metadata_url": "https://e/m"]
        guard case .waiting(let what) = SAML.read(RemoteDatabags(application: databag)) else {
            Issue.record("it was read")
            return
        }
        #expect(what.contains("single_sign_on_service"))
    }

    @Test(arguments: [
        ("x509certs", "-----BEGIN CERTIFICATE-----"), ("metadata_url", "nowhere"),
        ("single_sign_on_service_redirect_url", "javascript:alert(1)"),
        ("single_logout_service_redirect_response_url", "x"),
    ])
    func `a value that cannot be used is refused with its key`(key: String, value: String) throws {
        let databag = SAMLProvider(try recorded()).applicationDatabag.merging([key: value]) { $1 }
        guard case .invalid(let reason) = SAML.read(RemoteDatabags(application: databag)) else {
            Issue.record("\(key)=\(value) was read")
            return
        }
        #expect(reason.hasPrefix("\(key):"))
    }

    @Test func `what our provider half writes our requirer half reads`() throws {
        let provider = try recorded()
        #expect(SAML.read(RemoteDatabags(application: SAMLProvider(provider).applicationDatabag)) == .ready(provider))
    }
}
