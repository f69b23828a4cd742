// SPDX-License-Identifier: Apache-2.0
import MetricsText
import Testing

@testable import StatsDExporter

@Suite struct SyslogHeaderTests {
    private func message(_ packet: String) -> String {
        String(decoding: SyslogHeader.dropped(from: Array(packet.utf8)), as: UTF8.self)
    }

    @Test(arguments: [
        ("<190>Nov 23 01:02:03 nginx: nginx.request:0.034|h|#route:event", "nginx.request:0.034|h|#route:event"),
        ("<190>Nov 23 01:02:03 host nginx: a:1|c", "a:1|c"),
        ("<14>indico-charm: indico_operator.users:7|g", "indico_operator.users:7|g"),
    ])
    func `the header goes, the message stays`(packet: String, expected: String) {
        #expect(message(packet) == expected)
    }

    @Test(arguments: ["a:1|c", "<190>no tag at all", "<", ""])
    func `a packet without a header is left as it is`(packet: String) {
        #expect(message(packet) == packet)
    }

    @Test func `what nginx sends is counted by kind of page, under bounded labels`() throws {
        let mapping = try MappingFile.read(UWSGIMapping.text)
        var engine = try StatsDEngine(mapping: mapping, dialects: TagDialects(), cacheSize: 100, version: "test")
        for seconds in ["0.034", "1.500", "61.000"] {
            let line = "nginx.request:\(seconds)|h|#route:event,method:read,status:2xx"
            engine.receive(Array("<190>Nov 23 01:02:03 nginx: \(line)".utf8), from: .syslog, now: .zero)
        }
        engine.receive(Array("<190>garbage".utf8), from: .syslog, now: .zero)
        let text = TextFormat().render(engine.families(now: .zero))
        let document = try MetricsDocument(text)
        let labels: LabelSet = ["route": "event", "method": "read", "status": "2xx"]
        #expect(document.value("nginx_request_duration_seconds_count", labels) == 3)
        var below = labels
        // The service level's recordings name this bound as it is written.
        below.set("le", to: "2")
        #expect(document.value("nginx_request_duration_seconds_bucket", below) == 2)
        #expect(document.value("statsd_exporter_syslog_packets_total") == 4)
        #expect(document.value("statsd_exporter_sample_errors_total", ["reason": "malformed_line"]) == 1)
        // uWSGI's own port has been silent: that is what its alert goes by.
        #expect(document.value("statsd_exporter_udp_packets_total") == 0)
    }
}
