// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import FoundationEssentials
import Glibc
import LinuxSupport
import Testing

@testable import IndicoCharm

/// The real nginx on the rendered configuration, asked over a socket.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/sbin/nginx"), "nginx is not installed"))
struct NginxServingTests {
    @Test func `every answer carries the headers, and none nginx's version`() async throws {
        try await NginxServer.serving { settings in
            settings.site = try SiteURL("https://indico.example.com")
        } body: { nginx in
            for path in ["/dist/js/main.0123abcd.js", "/health", "/bootstrap", "/nothing"] {
                let answer = try nginx.ask("GET", path)
                #expect(answer.header("X-Content-Type-Options") == ["nosniff"], "\(path)")
                #expect(answer.header("Referrer-Policy") == ["strict-origin-when-cross-origin"])
                #expect(answer.header("Strict-Transport-Security") == ["max-age=31536000"])
                #expect(answer.header("Server") == ["nginx"])
                #expect(!answer.text.contains("nginx/"))
            }
        }
    }

    @Test func `a hashed file is sent as it was packed, to be kept for ever; another is not`() async throws {
        try await NginxServer.serving { _ in
        } body: { nginx in
            let packed = try nginx.ask("GET", "/dist/js/main.0123abcd.js", headers: ["Accept-Encoding: gzip"])
            #expect(packed.status == 200)
            #expect(packed.header("Content-Encoding") == ["gzip"])
            // The bytes of the file beside it, not ones that were packed just now.
            #expect(packed.body == Array("packed beforehand".utf8))
            #expect(packed.header("Cache-Control") == ["max-age=315360000"])
            let plain = try nginx.ask("GET", "/dist/js/main.0123abcd.js")
            #expect(plain.body == Array("plain".utf8))
            #expect(try nginx.ask("GET", "/dist/js/other.js").header("Cache-Control") == ["max-age=3600"])
        }
    }

    @Test func `nothing outside the static files is sent`() async throws {
        try await NginxServer.serving { _ in
        } body: { nginx in
            for path in [
                "/dist/../../../srv/indico/etc/indico.conf", "/dist/js/..%2f..%2f..%2fsrv/indico/etc/indico.conf",
                "/images/..;/etc/indico.conf", "/.xsf/archive/secret.txt", "/.xsf/cache/../etc/indico.conf",
                "/css/%2e%2e/%2e%2e/%2e%2e/srv/indico/etc/indico.conf",
            ] {
                let answer = try nginx.ask("GET", path)
                #expect(answer.status != 200, "\(path)")
                #expect(!answer.text.contains("SECRET"), "\(path)")
            }
        }
    }

    @Test func `a body beyond the limit is refused before it is sent`() async throws {
        try await NginxServer.serving {
            $0.options.uploadLimit = 1
        } body: { nginx in
            let large = try nginx.ask("POST", "/event/1/upload", headers: ["Content-Length: 12000000"])
            #expect(large.status == 413)
            // Nobody is behind it in this test, which is what it says then.
            #expect(try nginx.ask("POST", "/event/1/upload", headers: ["Content-Length: 0"]).status == 502)
        }
    }

    @Test func `log-in attempts of one address are limited, and nothing else with them`() async throws {
        try await NginxServer.serving {
            $0.options.logInRate = 3
            $0.options.apiRate = 2
            $0.options.trustedProxies = ["127.0.0.1/32"]
        } body: { nginx in
            func expect(_ statuses: [Int], _ method: String, _ path: String, from client: String) throws {
                var seen: [Int] = []
                for _ in statuses {
                    seen.append(
                        try nginx.ask(method, path, headers: ["X-Forwarded-For: \(client)", "Content-Length: 0"]).status
                    )
                }
                #expect(seen == statuses, "\(method) \(path)")
            }
            try expect([502, 502, 502, 429], "POST", "/login/", from: "192.0.2.1")
            try expect([502], "POST", "/login/", from: "192.0.2.2")
            try expect([502, 502, 502, 502], "GET", "/login/", from: "192.0.2.1")
            try expect([502, 502, 429], "GET", "/api/user/", from: "192.0.2.1")
            try expect([502, 502, 502], "GET", "/event/1/", from: "192.0.2.1")
        }
    }

    @Test func `whoever is no trusted proxy is the client, whatever it says`() async throws {
        try await NginxServer.serving {
            $0.options.logInRate = 1
            $0.options.trustedProxies = ["10.0.0.0/8"]
        } body: { nginx in
            let first = try nginx.ask("POST", "/login/", headers: ["X-Forwarded-For: 192.0.2.1"])
            let second = try nginx.ask("POST", "/login/", headers: ["X-Forwarded-For: 192.0.2.9"])
            #expect(first.status == 502 && second.status == 429)
        }
    }

    @Test func `Indico hears of the configured host and scheme, not of those a visitor makes up`() async throws {
        try await NginxServer.serving {
            $0.site = try SiteURL("https://indico.example.com")
        } body: { nginx in
            let seen = try nginx.seenBehind(
                headers: [
                    "X-Forwarded-Proto: http", "X-Forwarded-Host: evil.example.com", "X-Forwarded-For: 1.2.3.4",
                    "X-Forwarded-Prefix: /x", "X-Forwarded-Port: 1",
                ]
            )
            #expect(seen.contains("X-Forwarded-Proto: https\r\n") && seen.contains("X-Forwarded-For: 127.0.0.1\r\n"))
            #expect(seen.contains("Host: indico.example.com\r\n"))
            for word in ["evil", "1.2.3.4", "Prefix", "Forwarded-Port"] { #expect(!seen.contains(word), "\(word)") }
        }
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/curl"), "curl is not installed"))
    func `with a certificate the site is at HTTPS, and plain HTTP leads there`() async throws {
        let port = try ListeningSocket.freePort()
        let file = FileManager.default.temporaryDirectory.appending(path: "authority-\(UUID().uuidString).pem")
        try Data(SampleCertificates.valid.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let site = "https://events.example.com:\(port)"
        try await NginxServer.serving { settings in
            settings.site = try SiteURL(site)
            settings.options.httpsPort = port
            settings.certificate =
                ServedCertificate.read(
                    ["certificate": SampleCertificates.valid, "private-key": SampleCertificates.key],
                    at: 1_800_000_000
                ).value
        } body: { nginx in
            let plain = try nginx.ask("GET", "/event/1/?a=b")
            #expect(plain.status == 301 && plain.header("Location") == ["\(site)/event/1/?a=b"])
            #expect(try nginx.ask("GET", "/.well-known/acme-challenge/none").status == 404)
            let command = Command(
                "/usr/bin/curl",
                [
                    "--silent", "--show-error", "--include", "--noproxy", "*", "--cacert", file.path, "--resolve",
                    "events.example.com:\(port):127.0.0.1", "\(site)/dist/js/main.0123abcd.js",
                ],
                environment: ["PATH": "/usr/bin"],
                timeout: .seconds(60)
            )
            let result = try await CommandRunner(reaper: try ProcessReaper()).run(command)
            #expect(result.outputText.contains("HTTP/2 200"), "\(result.outputText) \(result.errorText)")
            #expect(result.outputText.hasSuffix("plain"))
            // With a port of its own no promise is made for the host.
            #expect(!result.outputText.lowercased().contains("strict-transport-security"))
        }
    }
}
