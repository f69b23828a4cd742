// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import HookProtocol
import OneMachine
import Testing
import UnitAgent

/// What the operator answers, read as the charm reads it.
///
/// The two share no code, as the charm is not part of the operator: here they must understand each other, down to the
/// characters that have a meaning somewhere between.
@Suite struct AgreementTests {
    private static let password = "p@ss/w:rd %42 \u{e9}\"'\\"

    private func databags(_ remote: RemoteApplication) -> RemoteDatabags {
        func plain(_ values: [String: DatabagValue]) -> [String: String] {
            values.mapValues { value in
                switch value {
                case .text(let text): text
                case .secret(let name): name
                }
            }
        }
        var units: [UnitName: [String: String]] = [:]
        for (number, values) in remote.units {
            units[UnitName(application: remote.name, number: number)] = plain(values)
        }
        return RemoteDatabags(application: plain(remote.databag), units: units)
    }

    private func secret(of remote: RemoteApplication) -> (String) -> SecretReading {
        { name in remote.secrets[name].map { .content($0) } ?? .invalid("there is none") }
    }

    private func relations() throws -> [String: RemoteApplication] {
        var settings = Settings(ports: [:])
        let encoded = ServerURL.encoded(Self.password)
        settings.external[.postgresql] = try .postgresql("postgresql://chair%20person:\(encoded)@db:5433/meetings")
        settings.external[.redisCache] = try .redis("redis://:\(encoded)@cache:7000", option: "--redis-cache")
        settings.external[.redisBroker] = try .redis("redis://broker", option: "--redis-broker")
        let relations = try RequiredRelations(
            settings: settings,
            credentials: Credentials(postgresql: "a", redisCache: "b", redisBroker: "c"),
            databaseVersion: "15.18"
        )
        return Dictionary(uniqueKeysWithValues: relations.answers.map { ($0.endpoint, $0.remote) })
    }

    @Test func `the charm reads the database that was answered`() throws {
        let remote = try #require(relations()["database"])
        let reading = try PostgreSQLClient.read(databags(remote), secret: secret(of: remote))
        guard case .ready(let database) = reading else {
            Issue.record("\(reading)")
            return
        }
        #expect(database.endpoints.map(\.description) == ["db:5433"])
        #expect(database.database == "meetings")
        #expect(database.username == "chair person")
        #expect(database.password == Self.password)
        #expect(database.version == "15.18")
    }

    @Test func `the charm reads the Redis servers that were answered, with a password and without`() throws {
        let expected = [
            "redis-cache": ("cache:7000", Self.password), "redis-broker": ("broker:6379", nil),
        ]
        let relations = try relations()
        for (endpoint, (place, password)) in expected {
            let remote = try #require(relations[endpoint])
            let reading = try Redis.read(databags(remote), secret: secret(of: remote))
            guard case .ready(let server) = reading else {
                Issue.record("\(endpoint): \(reading)")
                continue
            }
            #expect(server.endpoint.description == place)
            #expect(server.password == password)
        }
    }

    @Test(arguments: MailRelay.Security.allCases)
    func `the charm reads the mail relay that was answered`(security: MailRelay.Security) throws {
        let remote =
            MailRelay(
                host: "mx.example.com",
                port: 587,
                user: "mailer",
                password: Self.password,
                security: security,
                sender: "a@example.com",
                domain: "example.com",
                skipsCertificateCheck: true,
                authority: Self.authority
            ).answer
        let reading = try SMTP.read(databags(remote), secret: secret(of: remote))
        guard case .ready(let server) = reading else {
            Issue.record("\(reading)")
            return
        }
        #expect(server.endpoint.description == "mx.example.com:587")
        #expect(server.security.rawValue == security.rawValue)
        #expect(server.user == "mailer")
        #expect(server.password == Self.password)
        #expect(server.sender == "a@example.com")
        #expect(server.domain == "example.com")
        #expect(server.skipsCertificateVerification)
        #expect(server.certificateChain == PEMText.certificates(in: Self.authority))
    }

    /// Two certificates with what programs write around them.
    private static let authority = """
        subject=CN = one
        -----BEGIN CERTIFICATE-----
        MIIB
        -----END CERTIFICATE-----

        -----BEGIN CERTIFICATE-----
        MIIC
        -----END CERTIFICATE-----
        """

    @Test(arguments: ObjectBucket.Addressing.allCases)
    func `the charm reads the bucket that was answered`(addressing: ObjectBucket.Addressing) throws {
        let remote =
            ObjectBucket(
                name: "events",
                accessKey: "AKIA",
                secretKey: Self.password.replacing(" ", with: ""),
                endpoint: "https://s3.example.com:9000",
                region: "eu-west-1",
                addressing: addressing,
                authority: Self.authority
            ).answer
        guard case .ready(let bucket) = S3.read(databags(remote)) else {
            Issue.record("\(S3.read(databags(remote)))")
            return
        }
        #expect(bucket.name == "events" && bucket.accessKey == "AKIA" && bucket.region == "eu-west-1")
        #expect(bucket.secretKey == Self.password.replacing(" ", with: ""))
        #expect(bucket.endpoint?.description == "https://s3.example.com:9000")
        #expect(bucket.addressing == S3Bucket.Addressing(addressing.rawValue))
        #expect(bucket.certificateChain.count == 2)
        guard case .ready(let plain) = S3.read(databags(ObjectBucket(name: "b", accessKey: "k", secretKey: "s").answer))
        else {
            Issue.record("a bucket of Amazon's is not read")
            return
        }
        #expect(plain == S3Bucket(name: "b", accessKey: "k", secretKey: "s"))
    }

    @Test func `the charm reads the OpenID Connect provider that was answered`() throws {
        let site = "https://id.example.com"
        let remote =
            OpenIDProvider(
                metadata: [
                    "issuer_url": site, "authorization_endpoint": "\(site)/a", "token_endpoint": "\(site)/t",
                    "userinfo_endpoint": "\(site)/u", "jwks_endpoint": "\(site)/j", "scope": "openid email",
                ],
                clientID: "indico",
                clientSecret: Self.password,
                authority: Self.authority
            ).answer
        let reading = try OAuth.read(databags(remote), secret: secret(of: remote))
        guard case .ready(let provider) = reading else {
            Issue.record("\(reading)")
            return
        }
        #expect(provider.issuer == site && provider.keysEndpoint == "\(site)/j")
        #expect(provider.clientID == "indico" && provider.clientSecret == Self.password)
        #expect(provider.scope == "openid email" && provider.certificateChain.count == 2)
    }

    @Test func `the charm reads the SAML provider that was answered`() throws {
        let binding = SAMLIdentityProvider.redirectBinding
        let remote =
            SAMLIdentities(metadata: [
                "entity_id": "https://idp.example.com/meta", "x509certs": "MIIB,MIIC",
                "single_sign_on_service_redirect_url": "https://idp.example.com/sso?a=b",
                "single_sign_on_service_redirect_binding": binding,
                "single_logout_service_redirect_url": "https://idp.example.com/slo",
                "single_logout_service_redirect_binding": binding,
                "single_logout_service_redirect_response_url": "https://idp.example.com/done",
            ]).answer
        guard case .ready(let provider) = SAML.read(databags(remote)) else {
            Issue.record("\(SAML.read(databags(remote)))")
            return
        }
        #expect(provider.entityID == "https://idp.example.com/meta" && provider.certificates == ["MIIB", "MIIC"])
        #expect(provider.endpoint(SAMLIdentityProvider.signOn)?.url == "https://idp.example.com/sso?a=b")
        #expect(provider.endpoint(SAMLIdentityProvider.logout)?.responseURL == "https://idp.example.com/done")
    }
}
