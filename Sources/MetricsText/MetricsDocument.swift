// SPDX-License-Identifier: Apache-2.0

/// What a scrape returned, read back: for tests and for commands that show metrics.
package struct MetricsDocument: Sendable {
    /// One line with a value.
    package struct Sample: Sendable, Equatable {
        /// The line's name, with suffixes such as `_bucket`.
        package let name: String
        /// The line's labels, with `le` and `quantile`.
        package let labels: LabelSet
        /// The line's value.
        package let value: Double
    }

    /// A line that is not in the format.
    package struct Malformed: Error, CustomStringConvertible, Sendable, Equatable {
        /// The line's number, from 1.
        package let line: Int
        /// What is wrong with it.
        package let problem: String

        /// The place and the problem in words.
        package var description: String { "cannot read metrics, line \(line): \(problem)" }
    }

    /// The samples, in the order of the text.
    package private(set) var samples: [Sample] = []
    /// The declared types by family name.
    package private(set) var types: [String: String] = [:]

    /// Reads the Prometheus text format, or OpenMetrics.
    ///
    /// - Parameter text: The body of a scrape.
    /// - Throws: `Malformed` for the first line that does not fit.
    package init(_ text: String) throws(Malformed) {
        var number = 0
        for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            if line.isEmpty { continue }
            if line.first == UInt8(ascii: "#") {
                let words = String(Substring(line)).split(separator: " ", maxSplits: 3)
                if words.count == 4, words[1] == "TYPE" { types[String(words[2])] = String(words[3]) }
                continue
            }
            var reader = SampleReader(bytes: Array(line), line: number)
            samples.append(try reader.sample())
        }
    }

    /// The samples with a name whose labels include all of `labels`.
    package func samples(_ name: String, _ labels: LabelSet = [:]) -> [Sample] {
        samples.filter { sample in
            sample.name == name && labels.labels.allSatisfy { sample.labels[$0.name] == $0.value }
        }
    }

    /// The value of the one sample with a name and exactly these labels.
    package func value(_ name: String, _ labels: LabelSet = [:]) -> Double? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }

    /// The sum over the samples with a name whose labels include all of `labels`; nil when there is none.
    package func sum(_ name: String, _ labels: LabelSet = [:]) -> Double? {
        let found = samples(name, labels)
        return found.isEmpty ? nil : found.reduce(0) { $0 + $1.value }
    }
}

/// Reads one `name{label="value",…} number` line.
private struct SampleReader {
    let bytes: [UInt8]
    let line: Int
    var place = 0

    init(bytes: [UInt8], line: Int) {
        self.bytes = bytes
        self.line = line
    }

    mutating func sample() throws(MetricsDocument.Malformed) -> MetricsDocument.Sample {
        let name = word(until: "{ ")
        if name.isEmpty { throw problem("no metric name") }
        var labels = LabelSet()
        if next() == UInt8(ascii: "{") {
            place += 1
            while let byte = next(), byte != UInt8(ascii: "}") {
                let (label, value) = try label()
                labels.set(label, to: value)
                if next() == UInt8(ascii: ",") { place += 1 }
            }
            guard next() != nil else { throw problem("labels without an end") }
            place += 1
        }
        while next() == UInt8(ascii: " ") { place += 1 }
        let number = word(until: " ")
        guard let value = Double(number) else { throw problem("\"\(number)\" is not a number") }
        return MetricsDocument.Sample(name: name, labels: labels, value: value)
    }

    private mutating func label() throws(MetricsDocument.Malformed) -> (String, String) {
        let name = word(until: "=")
        guard !name.isEmpty, next() == UInt8(ascii: "=") else { throw problem("a label without a value") }
        place += 1
        guard next() == UInt8(ascii: "\"") else { throw problem("label \"\(name)\" is not quoted") }
        place += 1
        var value: [UInt8] = []
        while let byte = next(), byte != UInt8(ascii: "\"") {
            place += 1
            guard byte == UInt8(ascii: "\\"), let escaped = next() else {
                value.append(byte)
                continue
            }
            value.append(escaped == UInt8(ascii: "n") ? UInt8(ascii: "\n") : escaped)
            place += 1
        }
        guard next() != nil else { throw problem("label \"\(name)\" has no end") }
        place += 1
        return (name, String(decoding: value, as: UTF8.self))
    }

    private func next() -> UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func word(until stops: String) -> String {
        let start = place
        while let byte = next(), !stops.utf8.contains(byte) { place += 1 }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    private func problem(_ words: String) -> MetricsDocument.Malformed {
        MetricsDocument.Malformed(line: line, problem: words)
    }
}
