// SPDX-License-Identifier: Apache-2.0
import MetricsText
import SeededTesting
import Testing

@testable import StatsDExporter

@Suite struct QuantileTests {
    @Test(arguments: [1, 10, 500])
    func `quantiles of a long stream are within their error`(buffer: Int) {
        var options = SummaryOptions()
        options.bufferCapacity = buffer
        var stream = QuantileStream(options)
        let count = 20_000
        var random = SeededGenerator()
        for value in (1...count).shuffled(using: &random) { stream.insert(Double(value)) }
        for objective in options.objectives {
            let rank = stream.value(at: objective.quantile) / Double(count)
            #expect(abs(rank - objective.quantile) <= objective.error + 0.0001)
        }
    }

    @Test func `an empty stream has no quantiles and a single value is all of them`() {
        var stream = QuantileStream(SummaryOptions())
        #expect(stream.value(at: 0.5).isNaN)
        stream.insert(3)
        for quantile in [0, 0.5, 1] { #expect(stream.value(at: quantile) == 3) }
    }

    @Test func `few observations are not estimated`() {
        var stream = QuantileStream(SummaryOptions())
        for value in [3.0, 1, 2] { stream.insert(value) }
        #expect(stream.value(at: 0.5) == 2)
        #expect(stream.value(at: 0.99) == 3)
        #expect(stream.value(at: 0) == 1)
    }

    @Test func `quantiles forget, sum and count do not`() {
        var options = SummaryOptions()
        options.maxAge = .seconds(10)
        options.ageBuckets = 5
        var window = QuantileWindow(options, now: .zero)
        for _ in 0..<9 { window.observe(1, now: .seconds(1)) }
        #expect(window.value(now: .seconds(1)).quantiles.map(\.value) == [1, 1, 1])
        window.observe(9, now: .seconds(7))
        #expect(window.value(now: .seconds(7)).quantiles[0].value == 1)
        #expect(window.value(now: .seconds(13)).quantiles.map(\.value) == [9, 9, 9])
        let later = window.value(now: .seconds(1_000_000))
        #expect(later.quantiles.allSatisfy { $0.value.isNaN })
        #expect(later.sum == 18)
        #expect(later.count == 10)
    }

    @Test func `quantiles come in order of rank`() {
        var options = SummaryOptions()
        options.objectives = [0.99, 0.5].map { SummaryOptions.Objective(quantile: $0, error: 0.01) }
        var window = QuantileWindow(options, now: .zero)
        #expect(window.value(now: .zero).quantiles.map(\.rank) == [0.5, 0.99])
    }
}
