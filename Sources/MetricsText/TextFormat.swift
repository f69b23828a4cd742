// SPDX-License-Identifier: Apache-2.0

/// How families are written for a scraper.
package struct TextFormat: Sendable {
    /// The two text formats scrapers ask for.
    package enum Dialect: Sendable {
        /// The classic Prometheus text format, version 0.0.4.
        case prometheus
        /// OpenMetrics 1.0.
        case openMetrics
    }

    private let dialect: Dialect
    private let bounds: NumberStyle

    /// Creates a format.
    ///
    /// OpenMetrics prescribes the style of the bounds, whatever `bounds` says.
    package init(_ dialect: Dialect = .prometheus, bounds: NumberStyle = .short) {
        self.dialect = dialect
        self.bounds = dialect == .openMetrics ? .float : bounds
    }

    /// Chooses the dialect by a request's `Accept` header.
    package static func dialect(accepting header: String?) -> Dialect {
        (header?.lowercased().contains("application/openmetrics-text") ?? false) ? .openMetrics : .prometheus
    }

    /// The `Content-Type` of what `render` returns.
    package var contentType: String {
        switch dialect {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// Writes families sorted by name and their series sorted by labels, so equal values give equal bytes.
    package func render(_ families: [MetricFamily]) -> String {
        var text = ""
        for family in families.sorted(by: { $0.name < $1.name }) where !family.series.isEmpty {
            write(family, to: &text)
        }
        if dialect == .openMetrics { text += "# EOF\n" }
        return text
    }

    private func write(_ family: MetricFamily, to text: inout String) {
        let (name, type) = declared(family)
        if !family.help.isEmpty {
            text += "# HELP \(name) "
            escape(family.help, quotes: dialect == .openMetrics, to: &text)
            text += "\n"
        }
        text += "# TYPE \(name) \(type)\n"
        for series in family.series.sorted(by: { $0.labels < $1.labels }) {
            switch series.value {
            case .number(let value):
                sample(family.name, series.labels, value, to: &text)
            case .histogram(let value):
                write(value, family.name, series.labels, to: &text)
            case .summary(let value):
                for quantile in value.quantiles {
                    let extra = Label("quantile", bounds.text(quantile.rank))
                    sample(family.name, series.labels, quantile.value, with: extra, to: &text)
                }
                sample(family.name + "_sum", series.labels, value.sum, to: &text)
                sample(family.name + "_count", series.labels, Double(value.count), to: &text)
            }
        }
    }

    private func write(_ value: HistogramValue, _ name: String, _ labels: LabelSet, to text: inout String) {
        var below: UInt64 = 0
        for (bound, count) in zip(value.upperBounds + [.infinity], value.counts) {
            below &+= count
            sample(name + "_bucket", labels, Double(below), with: Label("le", bounds.text(bound)), to: &text)
        }
        sample(name + "_sum", labels, value.sum, to: &text)
        sample(name + "_count", labels, Double(below), to: &text)
    }

    /// The name and type of the family's header lines.
    private func declared(_ family: MetricFamily) -> (name: String, type: String) {
        guard dialect == .openMetrics else { return (family.name, family.type.rawValue) }
        switch family.type {
        case .counter where family.name.hasSuffix("_total"):
            return (String(family.name.dropLast("_total".count)), "counter")
        // OpenMetrics knows no counter without the suffix, and renaming one would break every query on it.
        case .counter, .untyped: return (family.name, "unknown")
        default: return (family.name, family.type.rawValue)
        }
    }

    private func sample(
        _ name: String,
        _ labels: LabelSet,
        _ value: Double,
        with extra: Label? = nil,
        to text: inout String
    ) {
        text += name
        var opened = false
        for label in labels.labels + (extra.map { [$0] } ?? []) {
            text += opened ? "," : "{"
            opened = true
            text += label.name
            text += "=\""
            escape(label.value, quotes: true, to: &text)
            text += "\""
        }
        text += opened ? "} " : " "
        text += NumberStyle.short.text(value)
        text += "\n"
    }

    private func escape(_ raw: String, quotes: Bool, to text: inout String) {
        guard raw.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else {
            text += raw
            return
        }
        for scalar in raw.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\"" where quotes: text += "\\\""
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
