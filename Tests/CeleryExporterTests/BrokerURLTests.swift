// SPDX-License-Identifier: Apache-2.0
import TLSSupport
import Testing

@testable import CeleryExporter

@Suite struct BrokerURLTests {
    @Test func `every part is read`() throws {
        let url = try BrokerURL("redis://who:p%40ss%2Fword@broker.example:6380/3?ssl=no")
        #expect(url.user == "who")
        #expect(url.password == "p@ss/word")
        #expect(url.host == "broker.example")
        #expect(url.port == 6380)
        #expect(url.database == 3)
    }

    @Test(arguments: [
        ("redis://", "redis://localhost:6379/0"), ("redis://h", "redis://h:6379/0"), ("REDIS://h/", "redis://h:6379/0"),
        ("redis://:secret@h/1", "redis://:**@h:6379/1"), ("redis://u:secret@h", "redis://u:**@h:6379/0"),
        ("redis://u@h", "redis://u@h:6379/0"), ("redis://[::1]:1/2", "redis://[::1]:1/2"),
        ("redis://:se@cr/et@h:7/0", "redis://:**@h:7/0"),
    ])
    func `it is shown whole but for the password`(text: String, shown: String) throws {
        let url = try BrokerURL(text)
        #expect(url.description == shown)
        #expect("\(String(reflecting: url))" == shown)
        #expect(!"\(Mirror(reflecting: url).children.map { "\($0.value)" })".contains("secret"))
    }

    @Test(arguments: [
        ("broker", BrokerURL.Problem.malformed), ("", .malformed),
        ("rediss://h?ssl_cert_reqs=maybe", .security("ssl_cert_reqs is none, optional or required")),
        ("amqp://h", .unsupported(scheme: "amqp")), ("redis://h:x", .port), ("redis://h:0", .port),
        ("redis://h/x", .database),
        ("redis://h/-1", .database),
    ])
    func `what cannot be used is named without showing it`(text: String, problem: BrokerURL.Problem) {
        #expect(throws: problem) { try BrokerURL(text) }
    }

    @Test func `how TLS is to be stands in the query, in the words of Celery`() throws {
        let url = try BrokerURL(
            "rediss://:secret@h:6380/1?ssl_cert_reqs=CERT_NONE&ssl_ca_certs=%2Fa.pem&ssl_certfile=c&socket_timeout=3"
        )
        var security = BrokerSecurity()
        security.files.verifies = false
        security.files.authorities = "/a.pem"
        security.files.certificate = "c"
        #expect(url.security == security)
        #expect(url.description == "rediss://:**@h:6380/1")
        #expect(try BrokerURL("rediss://h").security == BrokerSecurity())
        #expect(try BrokerURL("redis://h?ssl_cert_reqs=none").security == nil)
    }

    @Test func `options for TLS make any broker one over TLS, and win over its URL`() throws {
        var source = BrokerSource.url(try BrokerURL("redis://h"))
        #expect(try source.resolve().security == nil)
        source.options = ["ssl_cert_reqs": "0", "keyfile": "k", "ssl_check_hostname": "False"]
        let security = try #require(try source.resolve().security)
        #expect(!security.files.verifies && security.files.key == "k" && !security.checksName)
        source.options = ["ssl_ciphers": "x"]
        #expect(throws: BrokerFailure.self) { try source.resolve() }
    }
}
