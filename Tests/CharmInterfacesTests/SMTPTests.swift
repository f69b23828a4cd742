// SPDX-License-Identifier: Apache-2.0

import CharmInterfaces
import CharmKit
import CharmTesting
import Testing

@Suite struct SMTPTests {
    private func expected() throws -> SMTPServer {
        SMTPServer(
            endpoint: try #require(NetworkEndpoint(host: "smtp.example.com", port: 587)),
            authentication: .plain,
            security: .tls,
            user: "mailer",
            password: "smtppass",
            domain: "example.com"
        )
    }

    @Test(arguments: ["11-smtp-legacy-password", "12-smtp-secret"])
    func `a recorded provider is read, by secret or in plain`(name: String) throws {
        let result = try reading(in: Recording(name).world) { try SMTP.read("smtp-legacy", $0) }.0
        #expect(try result == .ready(expected()))
    }

    @Test(arguments: [
        ("port", "65536"), ("port", "0"), ("port", "smtp"), ("auth_type", "cram"), ("transport_security", "ssl"),
        ("skip_ssl_verify", "maybe"), ("host", "a b"),
    ])
    func `a value that cannot be used is refused with its key`(key: String, value: String) throws {
        let good = SMTPProvider(try expected()).applicationDatabag(secret: nil)
        let databags = RemoteDatabags(application: good.merging([key: value]) { $1 })
        guard case .invalid(let reason) = try SMTP.read(databags, secret: { _ in .waiting("") }) else {
            Issue.record("\(key)=\(value) was read")
            return
        }
        #expect(reason.hasPrefix("\(key):"))
    }

    @Test(arguments: ["host", "port", "auth_type", "transport_security", "user"])
    func `a provider that has not finished is waited for by name`(key: String) throws {
        var databag = SMTPProvider(try expected()).applicationDatabag(secret: nil)
        databag[key] = nil
        #expect(
            try SMTP.read(RemoteDatabags(application: databag)) { _ in .waiting("") } == .waiting(key)
        )
    }

    @Test func `a server without sign-in needs no user`() throws {
        var server = try expected()
        server.authentication = .none
        server.user = nil
        server.password = nil
        let databag = SMTPProvider(server).applicationDatabag(secret: nil)
        #expect(try SMTP.read(RemoteDatabags(application: databag)) { _ in .waiting("") } == .ready(server))
    }

    @Test func `what our provider half writes our requirer half reads`() throws {
        var server = try expected()
        server.sender = "events@example.com"
        server.recipients = ["a@example.com", "b@example.com"]
        server.security = .starttls
        server.skipsCertificateVerification = true
        let provider = SMTPProvider(server)
        let databag = provider.applicationDatabag(secret: "secret:smtp1")
        #expect(databag["password"] == nil)
        let secret = try #require(provider.secret)
        #expect(try SMTP.read(RemoteDatabags(application: databag)) { _ in .content(secret) } == .ready(server))
        #expect(
            try SMTP.read(RemoteDatabags(application: databag)) { _ in .waiting("") }
                == .waiting("access to the secret in password_id")
        )
    }

    @Test func `recipients come as a JSON list too`() throws {
        var databag = SMTPProvider(try expected()).applicationDatabag(secret: nil)
        databag["recipients"] = #"["a@b.c", "d@e.f"]"#
        let result = try SMTP.read(RemoteDatabags(application: databag)) { _ in .waiting("") }
        #expect(result.value?.recipients == ["a@b.c", "d@e.f"])
    }
}
