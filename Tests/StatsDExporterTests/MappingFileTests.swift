// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import StatsDExporter

@Suite struct MappingFileTests {
    @Test func `a rule is read with the defaults filled in`() throws {
        let mapping = try MappingFile.read(
            """
            defaults:
              observer_type: histogram
              histogram_options:
                buckets: [ .005, .01, 1 ]
                native_histogram_bucket_factor: 1.1
              ttl: 1m20s
            mappings:
            - match: "test.timing.*.*.*"
              name: "my_timer"
              help: "Latency."
              labels:
                provider: "$2"
                job: "${1}_server"
            - match: "(.+)\\\\.count"
              match_type: regex
              match_metric_type: counter
              name: "${1}_total"
              honor_labels: true
              scale: 0.001
              cumulative: true
              ttl: 30s
            """
        )
        #expect(mapping.defaults.observer == .histogram)
        #expect(mapping.defaults.buckets == [0.005, 0.01, 1])
        let first = mapping.rules[0]
        #expect(first.labels == ["provider": "$2", "job": "${1}_server"])
        #expect(first.buckets == [0.005, 0.01, 1])
        #expect(first.timeToLive == .seconds(80))
        #expect(first.help == "Latency.")
        let second = mapping.rules[1]
        #expect(second.matchType == .regex)
        #expect(second.kind == .counter)
        #expect(second.honorLabels && second.cumulative)
        #expect(second.scale == 0.001)
        #expect(second.timeToLive == .seconds(30))
    }

    @Test func `summary options override the defaults one by one`() throws {
        let mapping = try MappingFile.read(
            """
            defaults:
              summary_options: {max_age: 30s, age_buckets: 3}
            mappings:
            - match: a
              name: a
              summary_options:
                quantiles:
                - {quantile: 0.95, error: 0.01}
                buf_cap: 10
            """
        )
        let options = mapping.rules[0].summary
        #expect(options.objectives == [SummaryOptions.Objective(quantile: 0.95, error: 0.01)])
        #expect(options.maxAge == .seconds(30))
        #expect(options.ageBuckets == 3)
        #expect(options.bufferCapacity == 10)
        #expect(mapping.defaults.summary.objectives == SummaryOptions().objectives)
    }

    @Test func `an empty file has no rules`() throws {
        #expect(try MappingFile.read("") == Mapping())
    }

    @Test func `every problem is told with its line`() {
        let text = """
            mappings:
            - match: "a..b"
              name: a
            - match: a.b
              name: "9"
              labels: {"a-b": x}
            - match: "("
              match_type: regex
              name: x
              colour: red
            - match: c
              name: c
              ttl: soon
              action: keep
            """
        do {
            _ = try MappingFile.read(text)
            Issue.record("the file was read")
        } catch {
            let lines = error.problems.map { $0.prefix { $0 != ":" } }
            #expect(lines == ["line 2", "line 4", "line 5", "line 7", "line 10", "line 13", "line 14"])
        }
    }

    @Test(arguments: [
        "- match: a\n  name: a\n  observer_type: histogram\n  summary_options: {max_age: 1m}",
        "- match: a\n  name: a\n  histogram_options: {buckets: [2, 1]}",
        "- match: a\n  name: a\n  histogram_options: {buckets: [x]}",
        "- match: a\n  name: a\n  summary_options: {quantiles: [{quantile: 2, error: 0}]}",
        "- match: a\n  name: a\n  summary_options: {age_buckets: -1}", "- match: a", "- name: a", "- a", "{}",
        "- match: 'a b'\n  name: a", "- match: 9a\n  name: a", "- match: a\n  name: a\n  ttl: -1s",
    ])
    func `a wrong rule is refused`(rules: String) {
        #expect(throws: MappingError.self) { try MappingFile.read("mappings:\n" + rules) }
    }

    @Test func `a file that is no YAML is refused`() {
        #expect(throws: MappingError.self) { try MappingFile.read("mappings: [") }
        #expect(throws: MappingError.self) { try MappingFile.read("- a") }
    }

    @Test(arguments: [
        ("0", Duration.zero), ("30s", .seconds(30)), ("1m20s", .seconds(80)), ("1.5h", .seconds(5400)),
        ("300ms", .milliseconds(300)), ("2us", .microseconds(2)), ("2µs", .microseconds(2)), ("15", .nanoseconds(15)),
    ])
    func `durations are read as Go writes them`(text: String, duration: Duration) {
        #expect(DurationText.read(text) == duration)
    }

    @Test(arguments: ["", "s", "5 s", "1d", "-1s", "1s2", "1..2s"])
    func `what is no duration is refused`(text: String) {
        #expect(DurationText.read(text) == nil)
    }
}
