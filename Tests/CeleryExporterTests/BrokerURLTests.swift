// SPDX-License-Identifier: Apache-2.0
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
        ("broker", BrokerURL.Problem.malformed), ("", .malformed), ("rediss://h", .encrypted),
        ("amqp://h", .unsupported(scheme: "amqp")), ("redis://h:x", .port), ("redis://h:0", .port),
        ("redis://h/x", .database),
        ("redis://h/-1", .database),
    ])
    func `what cannot be used is named without showing it`(text: String, problem: BrokerURL.Problem) {
        #expect(throws: problem) { try BrokerURL(text) }
    }

    @Test func `a broker over TLS is refused in words that say what to do`() {
        #expect("\(BrokerURL.Problem.encrypted)".contains("TLS"))
        #expect("\(BrokerURL.Problem.encrypted)".contains("use redis://"))
    }
}
