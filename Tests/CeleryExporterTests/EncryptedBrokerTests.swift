// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import LinuxSupport
import Testing

@testable import CeleryExporter

/// Against a real Redis that speaks TLS only, with an authority of its own.
@Suite(.enabled(if: RedisServer.executable != nil, "needs Redis: apt-get install redis-tools"))
struct EncryptedBrokerTests {
    @Test func `a broker over TLS is talked to when its authority is trusted`() async throws {
        try await RedisServer.with { redis in
            let authority = try await certificates(in: redis.directory)
            try await redis.running(tls: true) {
                let trusted = try redis.encryptedURL(query: "ssl_ca_certs=\(authority)")
                try await redis.waitUntilItAnswers(trusted)
                let pong = try await RedisSession.open(trusted, BrokerTLS(), silence: .seconds(5)) { session in
                    try await session.send("PING")
                }
                #expect(pong == .simple("PONG"))
                await refused(try redis.encryptedURL(query: ""), "self-signed|unable to get|self signed")
                let unchecked = try redis.encryptedURL(query: "ssl_cert_reqs=none")
                _ = try await RedisSession.open(unchecked, BrokerTLS(), silence: .seconds(5)) { session in
                    try await session.send("PING")
                }
            }
        }
    }

    @Test func `a certificate for another name is refused unless names are not to be checked`() async throws {
        try await RedisServer.with { redis in
            let authority = try await certificates(in: redis.directory, names: "DNS:elsewhere.example")
            try await redis.running(tls: true) {
                let unnamed = try redis.encryptedURL(query: "ssl_ca_certs=\(authority)&ssl_check_hostname=false")
                try await redis.waitUntilItAnswers(unnamed)
                await refused(try redis.encryptedURL(query: "ssl_ca_certs=\(authority)"), "mismatch")
            }
        }
    }

    @Test func `what does not speak TLS is named, and a file that is not there`() async throws {
        try await RedisServer.with { redis in
            try await redis.running {
                await refused(try redis.encryptedURL(query: "ssl_cert_reqs=none"), "TLS|silent")
                await refused(try redis.encryptedURL(query: "ssl_ca_certs=/nonexistent.pem"), "cannot use TLS")
            }
        }
    }

    private func refused(_ url: BrokerURL, _ words: String) async {
        do {
            _ = try await RedisSession.open(url, BrokerTLS(), silence: .seconds(5)) { try await $0.send("PING") }
            Issue.record("it was talked to")
        } catch {
            #expect(words.split(separator: "|").contains { "\(error)".contains($0) }, "\(error)")
            #expect(!"\(error)".contains(RedisServer.password))
        }
    }

    /// Makes `server.crt` and `server.key`, and the authority that issued them.
    private func certificates(in directory: String, names: String = "IP:127.0.0.1") async throws -> String {
        let script = """
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.crt
            openssl req -newkey rsa:2048 -nodes -subj /CN=redis -keyout server.key -out server.csr
            printf 'subjectAltName=\(names)' > names
            openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt
            """
        let command = Command(
            "/bin/sh",
            ["-ec", script],
            environment: ["PATH": "/usr/bin:/bin"],
            directory: directory,
            timeout: .seconds(120)
        )
        let result = try await CommandRunner(reaper: try ProcessReaper()).run(command)
        try #require(result.isSuccess, "\(result.errorText)")
        return directory + "/ca.crt"
    }
}
