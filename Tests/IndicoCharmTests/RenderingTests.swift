// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import FoundationEssentials
import Testing

@testable import IndicoCharm

/// The rendered files, compared to the ones in `Golden/`.
///
/// After a change on purpose: set `UPDATE_GOLDEN=1`, run, and read the difference before committing it.
@Suite struct RenderingTests {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    private func compare(_ text: String, _ name: String) throws {
        let file = Self.directory.appending(path: name)
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: file)
        }
        let golden = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        #expect(text == golden, "\(name) differs from Golden/\(name)")
    }

    @Test func `indico.conf`() throws {
        try compare(IndicoConf.render(try sampleSettings(), layout: .image), "indico.conf")
    }

    @Test func `uwsgi.ini`() throws {
        let text = UWSGIConfiguration.render(try sampleSettings(), layout: .image, ports: WorkloadPorts())
        try compare(text, "uwsgi.ini")
    }

    @Test func `nginx.conf`() throws {
        let text = NginxConfiguration.render(try sampleSettings(), layout: .image, ports: WorkloadPorts())
        try compare(text, "nginx.conf")
    }

    @Test func `nginx.conf on one machine`() throws {
        let settings = try sampleSettings {
            $0.nginxSeesFiles = false
            $0.options.trustedProxies = []
        }
        let layout = try WorkloadLayout(root: "/var/lib/indico-operator/root")
        try compare(
            NginxConfiguration.render(settings, layout: layout, ports: WorkloadPorts()),
            "nginx-one-machine.conf"
        )
    }

    @Test func `logging.yaml`() throws {
        try compare(LoggingConfiguration.render(try sampleSettings(), layout: .image), "logging.yaml")
    }

    @Test func `logrotate.conf`() throws {
        try compare(LogRotation.renderIndico(.image), "logrotate.conf")
        try compare(LogRotation.renderNginx(.image), "nginx-logrotate.conf")
    }

    @Test func `only files of mode 0600 hold secrets`() throws {
        let settings = try sampleSettings()
        let ports = WorkloadPorts()
        let open = [
            UWSGIConfiguration.render(settings, layout: .image, ports: ports),
            NginxConfiguration.render(settings, layout: .image, ports: ports),
            LoggingConfiguration.render(settings, layout: .image),
            "\(IndicoLayer.make(settings, layout: .image, ports: ports, account: nil, celery: .elected))",
            "\(NginxLayer.make(settings, layout: .image, ports: ports, account: nil))",
        ]
        for secret in ["p@ss", "br/ok", "br%2Fok", "mail'pass", "0123456789abcdef"] {
            for text in open { #expect(!text.contains(secret)) }
        }
    }

    @Test func `a database with TLS and an authority is verified`() throws {
        let settings = try sampleSettings {
            $0.database.usesTLS = true
            $0.database.certificateAuthority = "-----BEGIN CERTIFICATE-----"
        }
        let conf = IndicoConf.render(settings, layout: .image)
        #expect(conf.contains("&sslmode=verify-ca&sslrootcert=/srv/indico/etc/database-ca.pem'"))
    }

    @Test(arguments: ["relative", "/with space", "/a/../b", "/dollar$", "/percent%", "/quote'"])
    func `a workload root that would need quoting is refused`(root: String) {
        #expect(throws: WorkloadLayoutError.self) { try WorkloadLayout(root: root) }
    }
}
