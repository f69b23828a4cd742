// SPDX-License-Identifier: Apache-2.0
import MetricsText

/// Reads StatsD lines: `name:value|type[|@rate][|#tags]`, several samples a line where the protocol allows it.
///
/// It never fails: what it does not understand it counts, by the reason.
struct LineParser: Sendable {
    /// How many observations one sample may stand for; a smaller rate than one in this many is not believed.
    static let mostTimes = 10_000

    private let tagReader: TagReader

    init(dialects: TagDialects = TagDialects()) {
        tagReader = TagReader(dialects: dialects)
    }

    /// Reads a packet of lines.
    func parse(packet: [UInt8], into events: inout [StatsDEvent], _ tally: inout LineTally) {
        for line in packet.split(separator: UInt8(ascii: "\n")) {
            parse(line: line, into: &events, &tally)
        }
    }

    /// Reads one line, without its end.
    func parse(line: ArraySlice<UInt8>, into events: inout [StatsDEvent], _ tally: inout LineTally) {
        if line.isEmpty { return }
        tally.lines += 1
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex, isText(line) else {
            return tally.count(.malformedLine)
        }
        let rest = line[(colon + 1)...]
        var tags: [Label] = []
        let name = tagReader.name(line[..<colon], into: &tags, &tally)
        let hasDogTags = hasTagSection(rest)
        if hasDogTags, !tags.isEmpty { return tally.count(.mixedTaggingStyles) }
        guard let samples = split(rest, hasDogTags: hasDogTags, &tally) else { return }
        let metric = String(decoding: name, as: UTF8.self)
        for sample in samples {
            tally.samples += 1
            switch event(metric, sample, &tags, &tally) {
            case .success(let event?): events.append(event)
            case .success(nil): break
            case .failure(let failure): tally.count(failure.error)
            }
        }
    }

    /// A sample's value and its other parts.
    private struct Sample {
        let value: ArraySlice<UInt8>
        let parts: [ArraySlice<UInt8>]
    }

    private struct Failure: Error {
        let error: SampleError
    }

    /// Splits what follows the name into samples, or counts why it cannot.
    private func split(_ rest: ArraySlice<UInt8>, hasDogTags: Bool, _ tally: inout LineTally) -> [Sample]? {
        let colon = UInt8(ascii: ":")
        guard let bar = rest.firstIndex(of: UInt8(ascii: "|")) else {
            tally.count(.notEnoughParts)
            return nil
        }
        let values = rest[..<bar]
        if values.contains(colon) {
            let parts = parts(of: rest[(bar + 1)...])
            guard let type = parts.first, ["ms", "h", "d"].contains(where: { type.elementsEqual($0.utf8) }) else {
                tally.count(.invalidExtendedAggregate)
                return nil
            }
            return values.split(separator: colon, omittingEmptySubsequences: false)
                .map { Sample(value: $0, parts: parts) }
        }
        // A colon after the first bar begins another sample, unless it is a tag's.
        let texts = hasDogTags ? [rest] : rest.split(separator: colon, omittingEmptySubsequences: false)
        return texts.map { text in
            let all = parts(of: text)
            return Sample(value: all[0], parts: Array(all.dropFirst()))
        }
    }

    private func event(
        _ name: String,
        _ sample: Sample,
        _ tags: inout [Label],
        _ tally: inout LineTally
    ) -> Result<StatsDEvent?, Failure> {
        func failed(_ error: SampleError) -> Result<StatsDEvent?, Failure> { .failure(Failure(error: error)) }
        guard (1...5).contains(sample.parts.count) else { return failed(.malformedComponent) }
        guard let value = Double(String(decoding: sample.value, as: UTF8.self)) else { return failed(.malformedValue) }
        let sections = sample.parts.dropFirst()
        if sections.contains(where: \.isEmpty) { return failed(.malformedComponent) }
        var rate = 1.0
        for section in sections {
            switch section[section.startIndex] {
            case UInt8(ascii: "@"):
                if let read = Double(String(decoding: section.dropFirst(), as: UTF8.self)), read.isFinite {
                    rate = read == 0 ? 1 : read
                } else {
                    tally.count(.invalidSampleFactor)
                }
            case UInt8(ascii: "#"): tagReader.dogStatsD(section.dropFirst(), into: &tags, &tally)
            case UInt8(ascii: "c"):
                guard section.count > 2, section[section.startIndex + 1] == UInt8(ascii: ":") else {
                    return failed(.malformedContainerID)
                }
                tags.removeAll { $0.name == "container_id" }
                tags.append(Label("container_id", String(decoding: section.dropFirst(2), as: UTF8.self)))
            // A timestamp says nothing to a scraper, which dates samples itself.
            case UInt8(ascii: "T"): break
            default: return failed(.invalidSampleFactor)
            }
        }
        if !tags.isEmpty { tally.tagged += 1 }
        return built(name, sample, value, rate: rate, tags)
    }

    /// Makes the event its type asks for; nil when its rate says that it stands for nothing.
    private func built(
        _ name: String,
        _ sample: Sample,
        _ value: Double,
        rate: Double,
        _ tags: [Label]
    ) -> Result<StatsDEvent?, Failure> {
        var event = StatsDEvent(kind: .counter, name: name, tags: tags, value: value)
        switch String(decoding: sample.parts[0], as: UTF8.self) {
        case "c": event.value = value / rate
        case "g":
            event.kind = .gauge
            event.relative = sample.value.first == UInt8(ascii: "+") || sample.value.first == UInt8(ascii: "-")
        case "ms":
            event.kind = .observer
            // StatsD's timers count milliseconds, Prometheus counts seconds.
            event.value = value / 1000
        case "h", "d": event.kind = .observer
        default: return .failure(Failure(error: .illegalEvent))
        }
        if event.kind == .gauge { return .success(event) }
        // One number that is none, or none that is finite, would stay in a total until the next restart.
        guard event.value.isFinite else { return .failure(Failure(error: .malformedValue)) }
        if event.kind == .observer, rate != 1 {
            let times = 1 / rate
            guard times >= 1 else { return .success(nil) }
            guard times <= Double(Self.mostTimes) else { return .failure(Failure(error: .invalidSampleFactor)) }
            event.times = Int(times)
        }
        return .success(event)
    }

    private func parts(of text: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        text.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
    }

    private func hasTagSection(_ rest: ArraySlice<UInt8>) -> Bool {
        var previous: UInt8 = 0
        for byte in rest {
            if byte == UInt8(ascii: "#"), previous == UInt8(ascii: "|") { return true }
            previous = byte
        }
        return false
    }

    private func isText(_ line: ArraySlice<UInt8>) -> Bool {
        line.allSatisfy { $0 < 0x80 } || String(validating: line, as: UTF8.self) != nil
    }
}
