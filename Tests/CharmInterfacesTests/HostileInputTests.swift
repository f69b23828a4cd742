// SPDX-License-Identifier: Apache-2.0

import CharmInterfaces
import CharmKit
import Testing

/// Whatever the other side writes, reading ends in a value, and what is ready is usable.
@Suite struct HostileInputTests {
    /// Numbers that are the same in each run, so that a failure can be seen again.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    private static let keys = [
        "endpoints", "database", "username", "password", "tls", "tls-ca", "secret-user", "secret-tls", "status",
        "subordinated", "state", "hostname", "port", "leader-host", "host", "user", "auth_type", "transport_security",
        "skip_ssl_verify", "password_id", "recipients", "secret-id", "secret-key", "celery-unit", "paused",
        "database-mark", "uris", "access-key",
        "bucket", "endpoint", "region", "s3-uri-style", "tls-ca-chain", "entity_id", "x509certs", "metadata_url",
        "single_sign_on_service_redirect_url", "single_sign_on_service_redirect_binding", "_post_url", "issuer_url",
        "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_endpoint", "scope", "client_id",
        "client_secret_id", "ca_chain", "secret", "ingress", "responses", "receivers", "master", "event",
    ]
    private static let values = [
        "", " ", "a", "None", "null", "[]", "{}", "[1", "\"", "true", "True", "False", "0", "-1", "65536", "5432",
        "99999999999999999999", "h:1", "[::1]:5432", "[", "]:1", ":", "a,b,,c:1", "secret:", "secret:abc", "--help",
        "secret://x/y/z", "\u{0}", "\u{202e}", "é", "plain", "none", "starttls", "tls", "indico/0", "/", "indico/",
        "https://s3.example.com/a/", "http://", "https://[::1]:443", "MIIC,MIID", #"{"url": "http://a:1/b"}"#,
        #"[{"protocol": {"name": "otlp_http"}, "url": "http://t:4318"}]"#, #"{"url": 1}"#, "path", "host=a",
        #"[{"requirer": "a", "status": "ready", "http_proxy": "http://p:1", "user": "secret:abc"}]"#,
        "dbname=d host=h password=p port=1 user=u",
        #"[{"code": 5001}]"#, #"[{"code": "x"}]"#, #"{"code": 1}"#, "x\ny", String(repeating: "9", count: 5000),
    ]

    private func databag(_ numbers: inout Numbers) -> [String: String] {
        var databag: [String: String] = [:]
        for key in Self.keys where Int.random(in: 0..<3, using: &numbers) > 0 {
            databag[key] = Self.values.randomElement(using: &numbers)
        }
        return databag
    }

    private func secret(_ id: String, _ numbers: inout Numbers) -> SecretReading {
        guard Secret.isID(id) else { return .invalid("not an id") }
        return Bool.random(using: &numbers) ? .content(databag(&numbers)) : .waiting("it")
    }

    @Test(arguments: 1...8)
    func `no databag crashes a reader, and a reason is never empty`(seed: UInt64) throws {
        var numbers = Numbers(state: seed)
        var ready = 0
        for _ in 1...500 {
            var databags = RemoteDatabags(application: databag(&numbers))
            for number in 0..<Int.random(in: 0...3, using: &numbers) {
                databags.units[UnitName(application: "remote", number: number)] = databag(&numbers)
            }
            ready += check(try PostgreSQLClient.read(databags) { secret($0, &numbers) }) { !$0.uri().contains(" ") }
            ready += check(try Redis.read(databags) { secret($0, &numbers) }) { !$0.url().contains("\n") }
            ready += check(try SMTP.read(databags) { secret($0, &numbers) }) { (1...65535).contains($0.endpoint.port) }
            ready += check(S3.read(databags)) { !$0.name.contains(" ") }
            ready += check(SAML.read(databags)) { !$0.certificates.isEmpty }
            ready += check(try OAuth.read(databags) { secret($0, &numbers) }) { !$0.clientSecret.isEmpty }
            ready += check(Ingress.read(databags)) { !$0.host.isEmpty }
            ready += check(LokiPush.read(databags)) { !$0.isEmpty }
            ready += check(Tracing.read(databags)) { !$0.host.isEmpty }
            ready += check(try HTTPProxy.read(databags) { secret($0, &numbers) }) { !$0.url($0.http).contains(" ") }
            let legacy = PgSQLRequest(database: "")
            ready += check(PgSQL.read(legacy, egressSubnets: [], databags)) { !$0.uri().contains(" ") }
            ready += check(try IndicoPeers.read(databags.application) { secret($0, &numbers) }) { $0.secretKey != "" }
        }
        // The words are chosen so that some of it is usable; else this would test refusing only.
        #expect(ready > 0)
    }

    private func check<Value>(_ reading: RelationReading<Value>, _ isUsable: (Value) -> Bool) -> Int {
        switch reading {
        case .absent:
            Issue.record("a relation that exists was taken as absent")
        case .waiting(let reason), .invalid(let reason):
            #expect(!reason.isEmpty)
            #expect(reason.utf8.count < 500, "fit for a status")
        case .ready(let value):
            #expect(isUsable(value))
            return 1
        }
        return 0
    }
}
