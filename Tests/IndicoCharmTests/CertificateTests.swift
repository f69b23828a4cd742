// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import CharmTesting
import PebbleAPI
import ServerCertificates
import Testing

@testable import IndicoCharm

/// TLS that nginx ends itself.
@Suite struct CertificateTests {
    private static let path = "/etc/nginx/tls.pem"

    /// A site that is served over HTTPS.
    private func serving(
        _ certificate: String = SampleCertificates.valid,
        port: Int64? = nil
    ) throws -> IndicoWorld {
        var world = try IndicoWorld.serving()
        world.give(certificate, SampleCertificates.key)
        world.world.config["tls_secret"] = .string("secret:tls")
        world.world.config["site_url"] = .string("https://events.example.com\(port == 443 ? "" : ":8443")")
        if let port { world.world.config["https_port"] = .integer(port) }
        try world.run(.configChanged)
        return world
    }

    @Test func `a certificate has nginx speak HTTPS, and lead plain HTTP there`() throws {
        var world = try serving()
        #expect(world.world.unitStatus == .active())
        let nginx = try #require(world.world.containers["indico-nginx"])
        let text = try #require(nginx.text("/etc/nginx/nginx.conf"))
        #expect(text.contains("listen 8443 ssl http2;") && text.contains("ssl_certificate \(Self.path);"))
        #expect(text.contains("return 301 https://events.example.com:8443$request_uri;"))
        // Browsers keep the port, so with one of its own the promise would lead nowhere.
        #expect(!text.contains("Strict-Transport-Security") && !text.contains("listen 80;"))
        let file = try #require(nginx.files[Self.path])
        #expect(file.permissions == 0o600 && file.ownership.user == "nginx")
        #expect(nginx.text(Self.path) == SampleCertificates.valid + SampleCertificates.key)
        #expect(try world.plan("indico-nginx").services["nginx"]?.user == "nginx")
        #expect(try world.run(.configChanged).changes(in: "indico-nginx").isEmpty)
    }

    @Test func `what nginx looks at first is the new certificate, not the one it serves`() throws {
        let world = try serving()
        let test = try #require(world.workload.nginxTests.last)
        #expect(test.contains("-t") && test.last == "/etc/nginx/nginx.conf.new")
        #expect(world.world.containers["indico-nginx"]?.files[Self.path + ".new"] == nil)
    }

    @Test func `a renewed one is taken up by a reload`() throws {
        var world = try serving()
        world.give(SampleCertificates.renewed, SampleCertificates.key)
        let output = try world.run(.secretChanged(SecretEvent(id: "secret:tls")))
        #expect(output.changes(in: "indico-nginx").contains(.signalled("SIGHUP", service: "nginx")))
        #expect(world.world.containers["indico-nginx"]?.text(Self.path)?.hasPrefix(SampleCertificates.renewed) == true)
        #expect(world.world.unitStatus == .active())
    }

    @Test(arguments: [
        (SampleCertificates.valid, SampleCertificates.otherKey, "the key is not the one the certificate was made for"),
        ("rubbish", SampleCertificates.key, "the certificate is no PEM text"),
        (SampleCertificates.valid, "", "the secret has no value named private-key"),
        (SampleCertificates.expired, SampleCertificates.key, "the certificate expired on 2021-01-01"),
    ])
    func `one that cannot be used is named, and the last one stays in use`(
        certificate: String,
        key: String,
        problem: String
    ) throws {
        var world = try serving()
        world.give(certificate, key)
        let output = try world.run(.secretChanged(SecretEvent(id: "secret:tls")))
        let status = try #require(world.world.unitStatus)
        #expect(status.kind == .blocked && status.message.contains("tls_secret: \(problem)"), "\(status)")
        #expect(!output.changes(in: "indico-nginx").contains(.signalled("SIGHUP", service: "nginx")))
        #expect(
            world.world.containers["indico-nginx"]?.text(Self.path)
                == SampleCertificates.valid + SampleCertificates.key
        )
    }

    @Test func `one whose time ends while it is in use keeps nothing else from being done`() throws {
        var settings = try sampleSettings()
        settings.certificate = ServedCertificate(
            chain: SampleCertificates.expired,
            key: SampleCertificates.key,
            facts: ServerCertificate(names: ["events.example.com"], notBefore: 0, notAfter: 1),
            problem: "the certificate expired on 1970-01-01"
        )
        var view = try sampleView()
        view.options["site_url"] = .string("https://events.example.com")
        view.certificate = .ready(try #require(settings.certificate))
        let decision = decide(view)
        #expect(decision.obstacle == nil)
        #expect(decision.workload?.settings.certificate?.problem == "the certificate expired on 1970-01-01")
    }

    @Test func `a site of another name, without TLS, or behind an ingress is told apart`() throws {
        func obstacle(_ change: (inout View) throws -> Void) throws -> Obstacle? {
            var view = try sampleView()
            let read = ServedCertificate.read(
                ["certificate": SampleCertificates.valid, "private-key": SampleCertificates.key],
                at: 1_800_000_000
            )
            view.certificate = read
            view.options["site_url"] = .string("https://a.example.org")
            try change(&view)
            return decide(view).obstacle
        }
        #expect(try obstacle { _ in } == nil)
        let invalid = "invalid configuration: "
        #expect(
            try obstacle { $0.options["site_url"] = .string("https://example.net") }
                == .blocked(
                    invalid
                        + "tls_secret: the certificate is for events.example.com, *.example.org, and site_url names example.net"
                )
        )
        #expect(
            try obstacle { $0.options["site_url"] = .string("http://a.example.org") }
                == .blocked(invalid + "site_url must start with https:// where tls_secret is set")
        )
        let behind = try obstacle { $0.surroundings.hasRoute = true }
        guard case .blocked(let message)? = behind else { Issue.record("\(String(describing: behind))"); return }
        #expect(message.hasPrefix(invalid + "tls_secret cannot be used behind an ingress"))
        #expect(
            try obstacle { $0.certificate = .waiting("access to it: grant the secret to indico") }
                == .waiting("waiting for tls_secret (access to it: grant the secret to indico)")
        )
    }

    @Test func `for low ports nginx is given that one right and stays who it was`() throws {
        let world = try serving(port: 443)
        let text = try #require(world.world.containers["indico-nginx"]?.text("/etc/nginx/nginx.conf"))
        #expect(text.contains("listen 443 ssl http2;") && text.contains("listen 80;"))
        #expect(text.contains(#"Strict-Transport-Security "max-age=31536000""#))
        let service = try #require(try world.plan("indico-nginx").services["nginx"])
        #expect(service.user == nil && service.userID == nil)
        let command = try #require(service.command)
        #expect(command.hasPrefix("/usr/bin/setpriv --reuid=101 --regid=101 --clear-groups "), "\(command)")
        #expect(command.contains("--ambient-caps=-all,+net_bind_service"))
        // nginx also tries its ports when it looks at a configuration.
        #expect(world.workload.nginxTests.last?.first == "/usr/bin/setpriv")
    }

    @Test func `without it nginx speaks plain HTTP again, and the key is gone`() throws {
        var world = try serving()
        world.world.config["tls_secret"] = nil
        world.world.config["site_url"] = .string("http://events.example.com:8080")
        try world.run(.configChanged)
        #expect(world.world.containers["indico-nginx"]?.text(Self.path) == "")
        #expect(world.world.containers["indico-nginx"]?.text("/etc/nginx/nginx.conf")?.contains("ssl") == false)
        #expect(world.world.unitStatus == .active())
    }

    @Test func `its key is shown to nobody`() throws {
        var settings = try sampleSettings()
        settings.certificate =
            ServedCertificate.read(
                ["certificate": SampleCertificates.valid, "private-key": SampleCertificates.key],
                at: 1_800_000_000
            ).value
        #expect(settings.certificate?.key == SampleCertificates.key)
        #expect(settings.masked.certificate?.key == IndicoSettings.mask)
    }
}

extension IndicoWorld {
    /// Puts a certificate and a key into the secret of the operator's.
    fileprivate mutating func give(_ certificate: String, _ key: String) {
        world.secrets.removeAll { $0.id == "secret:tls" }
        world.secrets.append(
            SecretState(
                id: "secret:tls",
                owner: .other(isGranted: true),
                revisions: [["certificate": certificate, "private-key": key]]
            )
        )
    }
}
