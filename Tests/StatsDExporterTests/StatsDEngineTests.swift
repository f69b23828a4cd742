// SPDX-License-Identifier: Apache-2.0
import MetricsText
import SeededTesting
import Testing

@testable import StatsDExporter

@Suite struct StatsDEngineTests {
    @Test func `counters add up, gauges are set or moved`() throws {
        var engine = try engine()
        engine.send("a.b:1|c\na.b:2|c|#x:1\na.b:4|c", "g:5|g\ng:+2|g\ng:-10|g")
        let scrape = try engine.scrape()
        #expect(scrape.value("a_b") == 5)
        #expect(scrape.value("a_b", ["x": "1"]) == 2)
        #expect(scrape.value("g") == -3)
        #expect(scrape.types["a_b"] == "counter")
        #expect(scrape.value("statsd_exporter_events_unmapped_total") == 6)
        #expect(scrape.value("statsd_exporter_events_total", ["type": "counter"]) == 3)
    }

    @Test func `timers become summaries in seconds`() throws {
        var engine = try engine()
        engine.send("t:100|ms\nt:300|ms")
        let scrape = try engine.scrape()
        #expect(scrape.types["t"] == "summary")
        #expect(scrape.value("t_count") == 2)
        #expect(scrape.value("t_sum") == 0.4)
        #expect(scrape.value("t", ["quantile": "0.99"]) == 0.3)
    }

    @Test func `a rule makes timers histograms`() throws {
        var engine = try engine(
            "- match: t.*\n  name: t_seconds\n  observer_type: histogram\n  histogram_options: {buckets: [0.1, 1]}\n  labels: {n: $1}"
        )
        engine.send("t.x:100|ms|@0.5\nt.x:2000|ms")
        let scrape = try engine.scrape()
        #expect(scrape.value("t_seconds_bucket", ["n": "x", "le": "0.1"]) == 2)
        #expect(scrape.value("t_seconds_bucket", ["n": "x", "le": "+Inf"]) == 3)
        #expect(scrape.value("t_seconds_count", ["n": "x"]) == 3)
    }

    @Test func `a running total is exported as what it grew to, however often it is sent`() throws {
        var engine = try engine("- {match: w.*, name: w_total, cumulative: true, labels: {worker: $1}}")
        for _ in 0..<20 { engine.send("w.1:7|c", "w.2:4|c") }
        #expect(try engine.scrape().sum("w_total") == 11)
        engine.send("w.1:2|c", "w.1:2|c", "w.1:3|c")
        #expect(try engine.scrape().value("w_total", ["worker": "1"]) == 10)
    }

    @Test func `tags and rule labels meet as the rule says`() throws {
        var engine = try engine(
            "- {match: a, name: a, labels: {x: rule}}\n- {match: b, name: b, labels: {x: rule}, honor_labels: true}"
        )
        engine.send("a:1|c|#x:tag,y:2\nb:1|c|#x:tag\nb:1|c")
        let scrape = try engine.scrape()
        #expect(scrape.value("a", ["x": "rule", "y": "2"]) == 1)
        #expect(scrape.value("b", ["x": "tag"]) == 1)
        #expect(scrape.value("b", ["x": "rule"]) == 1)
    }

    @Test func `what a rule drops is gone and counted`() throws {
        var engine = try engine("- {match: '.', match_type: regex, name: x, action: drop}")
        engine.send("a:1|c\nb:1|g")
        let scrape = try engine.scrape()
        #expect(scrape.samples("a").isEmpty)
        #expect(scrape.value("statsd_exporter_events_actions_total", ["action": "drop"]) == 2)
    }

    @Test func `values are scaled`() throws {
        var engine = try engine("- {match: 'a.*', name: a_seconds, scale: 1e-6}")
        engine.send("a.x:2500000|g")
        #expect(try engine.scrape().value("a_seconds") == 2.5)
    }

    @Test func `a name that is already something else is a conflict, not a mix`() throws {
        var engine = try engine()
        engine.send("a:1|c\na:5|g\na:6|g\nprocess_x:1|g\nstatsd_exporter_lines_total:1|c\nh:1|h\nh.count:1|c")
        let scrape = try engine.scrape()
        #expect(scrape.value("a") == 1)
        let conflicts = "statsd_exporter_events_conflict_total"
        #expect(scrape.value(conflicts, ["type": "gauge", "metric_name": "a"]) == 2)
        #expect(scrape.value(conflicts, ["type": "counter", "metric_name": "h_count"]) == 1)
        #expect(scrape.samples("statsd_exporter_lines_total").count == 1)
    }

    @Test func `conflicting names do not become labels without end`() throws {
        var engine = try engine()
        for number in 0..<500 { engine.send("n\(number):1|c\nn\(number):1|g") }
        let scrape = try engine.scrape()
        let conflicts = scrape.samples("statsd_exporter_events_conflict_total")
        #expect(conflicts.count <= OwnMetrics.mostConflictNames + EventKind.allCases.count)
        #expect(conflicts.reduce(0) { $0 + $1.value } == 500)
    }

    @Test func `a counter that would shrink, a name that vanishes and a taken label are errors`() throws {
        var engine = try engine("- {match: x.*, match_type: glob, name: '$1'}")
        engine.send("a:-1|c", "#x=1:1|c", "h:1|h|#le:3", "h:1|h|#quantile:3")
        let scrape = try engine.scrape()
        let errors = "statsd_exporter_events_error_total"
        #expect(scrape.value(errors, ["reason": "illegal_negative_counter"]) == 1)
        #expect(scrape.value(errors, ["reason": "empty_metric_name"]) == 1)
        #expect(scrape.value(errors, ["reason": "reserved_label"]) == 2)
        // One that only ever shrinks is no series.
        #expect(scrape.value("a") == nil)
    }

    @Test func `a series without samples is forgotten after its time, and begins again`() throws {
        var engine = try engine("- {match: 'a.*', name: a, ttl: 10s, labels: {n: $1}}")
        engine.send("a.x:1|c", "b:1|c", now: .seconds(0))
        engine.send("a.y:1|c", now: .seconds(8))
        engine.forgetStale(now: .seconds(10))
        #expect(try engine.scrape().samples("a").count == 2)
        engine.forgetStale(now: .seconds(11))
        #expect(try engine.scrape().samples("a").map(\.labels) == [["n": "y"]])
        #expect(try engine.scrape().value("b") == 1)
        engine.send("a.x:5|c", "c:7|c", now: .seconds(12))
        #expect(try engine.scrape().value("a", ["n": "x"]) == 5)
        #expect(try engine.scrape().value("c") == 7)
    }

    @Test func `a reload takes hold for the next sample and keeps what was counted`() throws {
        var engine = try engine()
        engine.send("a.x:1|c")
        try engine.reload(try MappingFile.read("mappings: [{match: 'a.*', name: a_total}]"))
        engine.send("a.x:1|c")
        try engine.reload(nil)
        engine.send("a.x:1|c")
        let scrape = try engine.scrape()
        #expect(scrape.value("a_x") == 1)
        #expect(scrape.value("a_total") == 2)
        #expect(scrape.value("statsd_exporter_config_reloads_total", ["outcome": "success"]) == 1)
        #expect(scrape.value("statsd_exporter_config_reloads_total", ["outcome": "failure"]) == 1)
        #expect(scrape.value("statsd_exporter_loaded_mappings") == 1)
    }

    @Test(arguments: [0, 1, 2, 10])
    func `the size of the cache changes nothing that is exported`(cacheSize: Int) throws {
        var engine = try engine("- {match: 'a.*', name: a_total, labels: {n: $1}}", cacheSize: cacheSize)
        for round in 0..<50 { engine.send("a.\(round % 7):1|c") }
        #expect(try engine.scrape().sum("a_total") == 50)
    }

    @Test func `random packets are counted and never fatal`() throws {
        var engine = try engine(
            "- {match: '(a+)+b', match_type: regex, name: 'x_$1'}\n- {match: 'a.*.*', name: '${1}_$2'}"
        )
        let pieces = [
            "a", "b", ".", ":", "|", "c", "g", "ms", "h", "#", "@", ",", "=", "[", "]", "\n", "1", "-", "+", "0.5", "é",
            "1e999", "nan", " ",
        ]
        var random = SeededGenerator()
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 0..<30, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            engine.receive(Array(text.utf8), from: .udp, now: .zero)
            let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            engine.receive(bytes, from: .udp, now: .zero)
        }
        let scrape = try engine.scrape()
        #expect(scrape.value("statsd_exporter_udp_packets_total") == 10_000)
        #expect(try #require(scrape.sum("statsd_exporter_sample_errors_total")) > 1000)
    }

    private func engine(_ rules: String = "  []", cacheSize: Int = 1000) throws -> StatsDEngine {
        let mapping = try MappingFile.read("mappings:\n\(rules)\n")
        return try StatsDEngine(mapping: mapping, dialects: TagDialects(), cacheSize: cacheSize, version: "test")
    }
}

extension StatsDEngine {
    /// Takes one packet for each text.
    mutating func send(_ packets: String..., now: Duration = .zero) {
        for packet in packets { receive(Array(packet.utf8), from: .udp, now: now) }
    }

    /// What a scraper reads.
    mutating func scrape(now: Duration = .zero) throws -> MetricsDocument {
        try MetricsDocument(TextFormat().render(families(now: now)))
    }
}
