// SPDX-License-Identifier: Apache-2.0
import SeededTesting
import Testing

@testable import StatsDExporter

@Suite struct RunningTotalTests {
    @Test(
        arguments: [
            ([11, 11, 11], 11), ([0, 0, 5, 5, 7], 7), ([100, 101, 3, 3, 4], 105), ([5, 0, 0, 2], 7),
            ([5, 5, 0, 5], 10),
        ] as [([Double], Double)]
    )
    func `a total counts once, and a fall begins another`(totals: [Double], counted: Double) {
        var running = RunningTotal()
        #expect(totals.reduce(0) { $0 + running.growth(to: $1) } == counted)
    }

    @Test func `however often it is repeated, a total that only grows is counted as it is`() {
        var random = SeededGenerator()
        for _ in 0..<200 {
            var running = RunningTotal()
            var total = 0.0
            var counted = 0.0
            for _ in 0..<50 {
                total += Double(Int.random(in: 0..<20, using: &random))
                for _ in 0..<Int.random(in: 1..<4, using: &random) { counted += running.growth(to: total) }
            }
            #expect(counted == total)
        }
    }
}
