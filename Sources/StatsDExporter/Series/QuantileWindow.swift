// SPDX-License-Identifier: Apache-2.0
import MetricsText

/// A summary's state: sum and count of all time, quantiles of the last while.
///
/// As in Prometheus' own libraries there are several streams, each fed with everything and emptied in turn: the one
/// emptied longest ago is asked, so quantiles look back by between all and all but one of the steps.
struct QuantileWindow: Sendable {
    private let options: SummaryOptions
    private var streams: [QuantileStream]
    private var oldest = 0
    private var turnsAt: Duration
    private var sum = 0.0
    private var count: UInt64 = 0

    init(_ options: SummaryOptions, now: Duration) {
        self.options = options
        streams = Array(repeating: QuantileStream(options), count: max(1, options.ageBuckets))
        turnsAt = now + options.maxAge / max(1, options.ageBuckets)
    }

    /// Counts an observation.
    mutating func observe(_ value: Double, now: Duration) {
        turn(now)
        sum += value
        count &+= 1
        for place in streams.indices { streams[place].insert(value) }
    }

    /// The summary as it is now.
    mutating func value(now: Duration) -> SummaryValue {
        turn(now)
        let quantiles = options.objectives.map(\.quantile).sorted().map { rank in
            SummaryValue.Quantile(rank: rank, value: streams[oldest].value(at: rank))
        }
        return SummaryValue(quantiles: quantiles, sum: sum, count: count)
    }

    private mutating func turn(_ now: Duration) {
        let step = options.maxAge / streams.count
        guard step > .zero else { return }
        var turns = 0
        while now >= turnsAt {
            streams[oldest].reset()
            oldest = (oldest + 1) % streams.count
            turnsAt += step
            turns += 1
            // After a whole round all are empty; a long silence need not be walked through step by step.
            if turns >= streams.count, now >= turnsAt { turnsAt = now + step }
        }
    }
}
