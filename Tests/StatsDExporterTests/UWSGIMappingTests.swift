// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import MetricsText
import Testing

@testable import StatsDExporter

@Suite struct UWSGIMappingTests {
    @Test func `the charm's file is the text in the library`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = try Data(contentsOf: root.appending(path: "charm/statsd-mapping.yaml"))
        #expect(String(decoding: file, as: UTF8.self) == UWSGIMapping.text)
    }

    @Test func `after eleven requests the workers' requests are eleven, however often they are sent`() throws {
        var engine = try engine()
        for round in 0..<40 {
            // Worker 0 is the sum uWSGI sends beside its parts.
            let counts = round < 20 ? [1, 2, 0, 0] : [4, 5, 0, 2]
            for packet in reports(counts) { engine.send(packet) }
        }
        let scrape = try engine.scrape()
        #expect(scrape.sum("uwsgi_worker_requests_total") == 11)
        #expect(scrape.value("uwsgi_worker_requests_total", ["worker": "1"]) == 4)
        #expect(scrape.samples("uwsgi_worker_requests_total").count == 4)
        #expect(scrape.sum("uwsgi_worker_core_requests_total") == 11)
    }

    @Test func `units are Prometheus' own`() throws {
        var engine = try engine()
        for packet in reports([4, 5, 0, 2]) { engine.send(packet) }
        let scrape = try engine.scrape()
        #expect(scrape.value("uwsgi_worker_average_response_time_seconds", ["worker": "2"]) == 0.0125)
        #expect(scrape.value("uwsgi_worker_running_time_seconds_total", ["worker": "2"]) == 2.5)
        #expect(scrape.value("uwsgi_average_response_time_seconds") == 0.0125)
        #expect(scrape.value("uwsgi_worker_resident_memory_bytes", ["worker": "2"]) == 104_857_600)
        #expect(scrape.value("uwsgi_socket_listen_queue", ["socket": "0"]) == 3)
        #expect(scrape.value("uwsgi_busy_workers") == 1)
        #expect(scrape.value("uwsgi_idle_workers") == 3)
    }

    @Test func `everything uWSGI sends has a rule, and its file is sound`() throws {
        var engine = try engine()
        let packets = reports([1, 1, 1, 1])
        #expect(packets.count == 86)
        for packet in packets { engine.send(packet) }
        let scrape = try engine.scrape()
        #expect(scrape.value("statsd_exporter_events_unmapped_total") == 0)
        #expect(scrape.sum("statsd_exporter_events_conflict_total") == nil)
        #expect(scrape.sum("statsd_exporter_sample_errors_total") == 0)
        for family in scrape.types where family.value == "counter" { #expect(family.key.hasSuffix("_total")) }
    }

    @Test func `a respawned worker goes on where it was`() throws {
        var engine = try engine()
        for total in [5, 9, 9, 0, 0, 2, 2] { engine.send("uwsgi.worker.1.requests:\(total)|c") }
        #expect(try engine.scrape().sum("uwsgi_worker_requests_total") == 11)
    }

    private func engine() throws -> StatsDEngine {
        let mapping = try MappingFile.read(UWSGIMapping.text)
        return try StatsDEngine(mapping: mapping, dialects: TagDialects(), cacheSize: 1000, version: "test")
    }

    /// One round of what uWSGI sends with four workers: a packet for each metric.
    private func reports(_ requests: [Int]) -> [String] {
        var packets: [String] = []
        for (worker, count) in ([requests.reduce(0, +)] + requests).enumerated() {
            let name = "uwsgi.worker.\(worker)."
            packets += ["requests", "delta_requests"].map { "\(name)\($0):\(count)|c" }
            packets += ["failed_requests", "total_tx"].map { "\(name)\($0):0|c" }
            packets += ["\(name)respawns:1|c", "\(name)running_time:2500000|c", "\(name)avg_response_time:12500|g"]
            packets += ["\(name)rss_size:104857600|g", "\(name)vsz_size:0|g"]
        }
        for (worker, count) in requests.enumerated() {
            let name = "uwsgi.worker.\(worker + 1).core.0."
            packets.append("\(name)requests:\(count)|c")
            packets += [
                "static_requests", "routed_requests", "offloaded_requests", "write_errors", "read_errors", "exceptions",
            ].map { "\(name)\($0):0|c" }
        }
        packets += ["routed_signals", "unrouted_signals", "overloaded", "total_tx", "total_running_time"]
            .map { "uwsgi.core.\($0):0|c" }
        packets += [
            "uwsgi.core.busy_workers:1|g", "uwsgi.core.idle_workers:3|g", "uwsgi.core.avg_response_time:12500|g",
        ]
        packets += ["uwsgi.core.total_rss:0|g", "uwsgi.core.total_vsz:0|g", "uwsgi.socket.0.listen_queue:3|g"]
        return packets + ["uwsgi.rss_size:0|c", "uwsgi.vsz_size:0|c"]
    }
}
