// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport
import Testing

@testable import ServerCertificates

@Suite struct ServerCertificateTests {
    /// Keys and certificates of somebody else's making.
    private struct Authority {
        let directory: String

        init() throws {
            directory = FileManager.default.temporaryDirectory.appending(path: "certificates-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        }

        /// Makes a certificate by `openssl req`; gives it and its key.
        func make(_ names: String, days: Int = 30, key: [String] = ["rsa:2048"]) async throws -> (String, String) {
            let (certificate, secret) = ("\(directory)/\(UUID().uuidString)", "\(directory)/\(UUID().uuidString)")
            let result = try await CommandRunner(reaper: try ProcessReaper()).run(
                Command(
                    "/usr/bin/openssl",
                    ["req", "-x509", "-nodes", "-subj", "/CN=x", "-addext", "subjectAltName=\(names)", "-days"]
                        + ["\(days)", "-keyout", secret, "-out", certificate, "-newkey"] + key,
                    environment: ["PATH": "/usr/bin"],
                    timeout: .seconds(60)
                )
            )
            #expect(result.isSuccess, "\(result.errorText)")
            return (
                try String(contentsOfFile: certificate, encoding: .utf8),
                try String(contentsOfFile: secret, encoding: .utf8)
            )
        }
    }

    private static let hasOpenSSL = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")

    @Test(.enabled(if: hasOpenSSL, "openssl is not installed"))
    func `a pair tells for whom it is and until when`() async throws {
        let authority = try Authority()
        defer { try? FileManager.default.removeItem(atPath: authority.directory) }
        let (certificate, key) = try await authority.make(
            "DNS:Events.example.com,DNS:*.example.org,IP:127.0.0.1,IP:::1"
        )
        let read = try ServerCertificate(certificate: certificate, key: key)
        #expect(read.names == ["events.example.com", "*.example.org", "127.0.0.1", "0:0:0:0:0:0:0:1"])
        #expect(read.notAfter - read.notBefore == 30 * 86400)
        #expect(read.problem(at: Int64(time(nil))) == nil)
        #expect(ServerCertificate.end(of: certificate) == read.notAfter)
        for host in ["events.example.com", "EVENTS.example.com", "a.example.org", "127.0.0.1", "[::1]"] {
            #expect(read.covers(host), "\(host)")
        }
        for host in ["example.org", "a.b.example.org", ".example.org", "example.com", "127.0.0.2", "[::2]", ""] {
            #expect(!read.covers(host), "\(host)")
        }
    }

    @Test(.enabled(if: hasOpenSSL, "openssl is not installed"))
    func `what is wrong with a pair is named`() async throws {
        let authority = try Authority()
        defer { try? FileManager.default.removeItem(atPath: authority.directory) }
        let (certificate, key) = try await authority.make(
            "DNS:a.example.com",
            key: ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        )
        let (other, otherKey) = try await authority.make("DNS:b.example.com")
        func problem(_ certificate: String, _ key: String) -> CertificateProblem? {
            do throws(CertificateProblem) {
                _ = try ServerCertificate(certificate: certificate, key: key)
                return nil
            } catch {
                return error
            }
        }
        #expect(problem(certificate, key) == nil)
        #expect(problem(certificate + other, key) == nil)
        #expect(problem(certificate, otherKey) == .otherKey)
        #expect(problem(other + certificate, key) == .otherKey)
        #expect(problem(key, key) == .noCertificate)
        #expect(problem("", "") == .noCertificate)
        #expect(problem(certificate, certificate) == .noKey)
        let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n"
        #expect(problem(certificate, locked) == .noKey)
    }

    @Test func `a certificate is of use from its first second to before its last`() {
        let certificate = ServerCertificate(names: [], notBefore: 86400, notAfter: 2 * 86400)
        #expect(certificate.problem(at: 86399) == "the certificate is not valid before 1970-01-02")
        #expect(certificate.problem(at: 86400) == nil)
        #expect(certificate.problem(at: 2 * 86400 - 1) == nil)
        #expect(certificate.problem(at: 2 * 86400) == "the certificate expired on 1970-01-03")
    }
}
