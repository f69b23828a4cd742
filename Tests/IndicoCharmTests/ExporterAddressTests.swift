// SPDX-License-Identifier: Apache-2.0
import CharmKit
import Testing

@testable import IndicoCharm

/// Numbers are for the operator's own people: where the workload has no network of its own, only they see them.
@Suite struct ExporterAddressTests {
    @Test(arguments: [("", ":9113", ":9102", "0.0.0.0"), ("/srv/x", "127.0.0.1:9113", "127.0.0.1:9102", "127.0.0.1")])
    func `exporters listen everywhere in a container, and on the loopback address elsewhere`(
        root: String,
        nginx: String,
        statsd: String,
        celery: String
    ) throws {
        let layout = root.isEmpty ? WorkloadLayout.image : try WorkloadLayout(root: root)
        let settings = try sampleSettings()
        let ports = WorkloadPorts()
        let indico = IndicoLayer.make(settings, layout: layout, ports: ports, account: nil, runsCelery: true)
        let front = NginxLayer.make(settings, layout: layout, ports: ports, account: nil)
        func command(_ layer: [String: String?], _ name: String) -> String { (layer[name] ?? nil) ?? "" }
        let commands = indico.services.mapValues(\.command).merging(front.services.mapValues(\.command)) { $1 }
        #expect(command(commands, "nginx-exporter").contains("-web.listen-address=\(nginx) "))
        #expect(command(commands, "statsd-exporter").contains("--web.listen-address=\(statsd) "))
        #expect(command(commands, "celery-exporter").contains("--host=\(celery) "))
        // What is sent to them comes from this host in both worlds.
        #expect(command(commands, "statsd-exporter").contains("--statsd.listen-udp=127.0.0.1:9125 "))
        #expect(command(commands, "statsd-exporter").contains("--syslog.listen-udp=127.0.0.1:9126 "))
    }

    @Test func `the charm tells what became of an event`() {
        var report = OperatorReport(event: "config-changed", status: .active, duration: .milliseconds(1500))
        #expect(report.samples.contains("indico_operator.reconciles:1|c|#outcome:active"))
        #expect(report.samples.contains("indico_operator.reconcile_duration:1.5|h|#event:config-changed"))
        #expect(report.samples.contains("indico_operator.unit_status:1|g|#status:active"))
        #expect(report.samples.contains("indico_operator.unit_status:0|g|#status:blocked"))
        #expect(report.samples.contains("indico_operator.database_current:0|g"))
        #expect(!report.samples.contains { $0.contains("certificate") })
        report.certificateEnd = 1_800_000_000
        #expect(report.samples.contains("indico_operator.certificate_expiry_timestamp_seconds:1800000000|g"))
        report.memory = WorkloadMemory()
        report.memory?.checkedAt = 12
        #expect(report.samples.contains("indico_operator.database_current:1|g"))
    }
}
