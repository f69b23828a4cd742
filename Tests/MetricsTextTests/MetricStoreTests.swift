// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import MetricsText

@Suite struct MetricStoreTests {
    @Test func `the same name and labels are the same series`() throws {
        var store = MetricStore()
        let one = try store.series("a_total", .counter, help: "A.", labels: ["x": "1", "y": "2"])
        let same = try store.series(
            "a_total",
            .counter,
            help: "A.",
            labels: LabelSet([Label("y", "2"), Label("x", "1")])
        )
        let other = try store.series("a_total", .counter, help: "A.", labels: ["x": "2"])
        store.add(2, to: one)
        store.add(3, to: same)
        #expect(one == same)
        #expect(one != other)
        #expect(store[one] == .number(5))
        #expect(store[other] == .number(0))
    }

    @Test func `a name keeps its type`() throws {
        var store = MetricStore()
        _ = try store.series("a", .counter, help: "", labels: [:])
        #expect(throws: MetricConflict(name: "a", wanted: .gauge, holder: "a", held: .counter)) {
            try store.series("a", .gauge, help: "", labels: ["x": "1"])
        }
    }

    @Test func `a name may not take a line that a histogram writes`() throws {
        var store = MetricStore()
        _ = try store.series("a_count", .counter, help: "", labels: [:])
        let conflict = MetricConflict(name: "a", wanted: .histogram, holder: "a_count", held: .counter)
        #expect(throws: conflict) { try store.series("a", .histogram, help: "", labels: [:]) }
        #expect(conflict.description.contains("\"a_count\""))
    }

    @Test func `the last series takes its family with it`() throws {
        var store = MetricStore()
        let id = try store.series("a", .summary, help: "", labels: [:])
        store.remove(id)
        #expect(store.snapshot().isEmpty)
        #expect(store.seriesCount == 0)
        let counter = try store.series("a_count", .counter, help: "", labels: [:])
        store.add(1, to: counter)
        #expect(store[counter] == .number(1))
    }

    @Test func `series can be forgotten by their labels`() throws {
        var store = MetricStore()
        for host in ["a", "b"] {
            _ = try store.series("up", .gauge, help: "", labels: ["host": host])
        }
        store.removeAll { _, labels in labels["host"] == "a" }
        #expect(store.snapshot().flatMap(\.series).map(\.labels) == [["host": "b"]])
    }

    @Test func `observations are counted in place`() throws {
        var store = MetricStore()
        let id = try store.series(
            "t",
            .histogram,
            help: "",
            labels: [:],
            startingAt: .histogram(HistogramValue(upperBounds: [1]))
        )
        store.observe(0.5, in: id)
        store.observe(2, in: id)
        guard case .histogram(let value)? = store[id] else {
            Issue.record("the series is no histogram any more")
            return
        }
        #expect(value.counts == [1, 1])
        #expect(value.sum == 2.5)
    }
}
