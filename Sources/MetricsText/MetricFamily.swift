// SPDX-License-Identifier: Apache-2.0

/// What a family's numbers mean.
package enum MetricType: String, Sendable {
    /// A total that only grows, until its process starts again.
    case counter
    /// A measure that goes up and down.
    case gauge
    /// Observations counted by upper bound.
    case histogram
    /// Observations summed up by quantiles.
    case summary
    /// Numbers whose meaning is not declared.
    case untyped
}

/// All series of one metric name.
package struct MetricFamily: Sendable, Equatable {
    /// The family's name as queries see it, such as `http_requests_total`.
    package let name: String
    /// What the numbers mean.
    package let type: MetricType
    /// One line for people.
    package let help: String
    /// The series; the renderer sorts them.
    package var series: [MetricSeries]

    /// Creates a family.
    package init(_ name: String, _ type: MetricType, help: String, series: [MetricSeries] = []) {
        self.name = name
        self.type = type
        self.help = help
        self.series = series
    }

    /// Creates a family of one series without labels.
    package init(_ name: String, _ type: MetricType, help: String, value: Double) {
        self.init(name, type, help: help, series: [MetricSeries(value: .number(value))])
    }

    /// Adds a series with a plain number.
    package mutating func append(_ value: Double, _ labels: LabelSet = [:]) {
        series.append(MetricSeries(labels: labels, value: .number(value)))
    }
}

/// One labelled line of a family, or the group of lines a histogram or a summary is.
package struct MetricSeries: Sendable, Equatable {
    /// What tells it from its sisters.
    package let labels: LabelSet
    /// Its present value.
    package var value: MetricValue

    /// Creates a series.
    package init(labels: LabelSet = [:], value: MetricValue) {
        self.labels = labels
        self.value = value
    }
}

/// The value of one series.
package enum MetricValue: Sendable, Equatable {
    /// A counter's, a gauge's or an untyped metric's.
    case number(Double)
    /// A histogram's.
    case histogram(HistogramValue)
    /// A summary's.
    case summary(SummaryValue)
}

/// Observations counted into buckets.
package struct HistogramValue: Sendable, Equatable {
    /// The inclusive upper bounds, ascending, without the infinite one.
    package let upperBounds: [Double]
    /// How many observations each bucket alone took; one more entry than there are bounds.
    package private(set) var counts: [UInt64]
    /// The sum of all observations.
    package private(set) var sum: Double = 0

    /// How many observations there were.
    package var count: UInt64 { counts.reduce(0, &+) }

    /// Creates an empty histogram; bounds may come in any order, an infinite one is implied.
    package init(upperBounds: [Double]) {
        let bounds = Set(upperBounds.filter { $0.isFinite }).sorted()
        self.upperBounds = bounds
        self.counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// Counts one observation.
    package mutating func observe(_ value: Double) {
        // A value that is no number compares with nothing; it belongs in the last bucket, as it is not below any bound.
        let bucket = upperBounds.firstIndex { value <= $0 } ?? upperBounds.count
        counts[bucket] &+= 1
        sum += value
    }
}

/// Observations summed up by quantiles.
package struct SummaryValue: Sendable, Equatable {
    /// One quantile and the value it has now.
    package struct Quantile: Sendable, Equatable {
        /// Between 0 and 1.
        package let rank: Double
        /// The value at that rank, not a number when nothing was observed lately.
        package let value: Double

        /// Creates a quantile.
        package init(rank: Double, value: Double) {
            self.rank = rank
            self.value = value
        }
    }

    /// The quantiles, in the order they are to be shown.
    package let quantiles: [Quantile]
    /// The sum of all observations ever.
    package let sum: Double
    /// How many observations there ever were.
    package let count: UInt64

    /// Creates a summary.
    package init(quantiles: [Quantile], sum: Double, count: UInt64) {
        self.quantiles = quantiles
        self.sum = sum
        self.count = count
    }

    /// Compares by content, with two values that are no numbers counting as equal.
    package static func == (left: SummaryValue, right: SummaryValue) -> Bool {
        left.sum == right.sum && left.count == right.count && left.quantiles.count == right.quantiles.count
            && zip(left.quantiles, right.quantiles).allSatisfy { mine, theirs in
                mine.rank == theirs.rank
                    && (mine.value == theirs.value || (mine.value.isNaN && theirs.value.isNaN))
            }
    }
}
