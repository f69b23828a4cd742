// SPDX-License-Identifier: Apache-2.0
import ServerCertificates
import Testing

@testable import OneMachine

@Suite struct SecureSiteTests {
    @Test(arguments: [
        ("http://127.0.0.1:8080", "127.0.0.1"), ("https://events.example.com", "events.example.com"),
        ("http://[::1]:8080/", "[::1]"), ("events.example.com", "events.example.com"),
    ])
    func `a URL's host is found`(url: String, host: String) {
        #expect(SecureSite.host(of: url) == host)
    }

    @Test func `who is not root begins where the kernel lets everybody begin`() {
        #expect(SecureSite.firstPort(userID: 0, limit: 1024) == 1)
        #expect(SecureSite.firstPort(userID: 1000, limit: 1024) == 1024)
        #expect(SecureSite.firstPort(userID: 1000, limit: 0) == 0)
    }

    @Test func `a file that is not there, or holds something else, is named`() throws {
        let scratch = try Scratch()
        func problem(_ certificate: String, _ key: String) -> String {
            do {
                _ = try SiteCertificate(certificatePath: certificate, keyPath: key, at: 0)
                return "none"
            } catch {
                return (error as? OperatorError)?.message ?? "\(error)"
            }
        }
        let (certificate, key) = (scratch.path + "/site.pem", scratch.path + "/site.key")
        #expect(problem(certificate, key) == "\(certificate) is not there")
        try FileStore.write("x", to: certificate, mode: 0o644)
        #expect(problem(certificate, key) == "\(key) is not there")
        try FileStore.write("x", to: key, mode: 0o600)
        #expect(problem(certificate, key).hasPrefix("\(certificate): the certificate is no PEM text"))
    }

    @Test func `the host is the one asked for, else the present one, else the first`() throws {
        func host(_ names: [String], wanted: String? = nil, present: String = "127.0.0.1") throws -> String {
            try SiteCertificate(facts: ServerCertificate(names: names, notBefore: 0, notAfter: 1))
                .host(wanted: wanted, present: present)
        }
        #expect(try host(["a.example.com", "b.example.com"], wanted: "B.example.com") == "b.example.com")
        #expect(try host(["a.example.com", "127.0.0.1"]) == "127.0.0.1")
        #expect(try host(["*.example.com", "a.example.com"]) == "a.example.com")
        #expect(try host(["*.example.com"], present: "x.example.com") == "x.example.com")
        #expect(try host(["0:0:0:0:0:0:0:1"]) == "[0:0:0:0:0:0:0:1]")
        #expect(throws: OperatorError("the certificate is not for c.example.com, but for a.example.com")) {
            try host(["a.example.com"], wanted: "c.example.com")
        }
        #expect(throws: OperatorError.self) { try host(["*.example.com"]) }
    }
}
