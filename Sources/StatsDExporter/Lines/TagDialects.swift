// SPDX-License-Identifier: Apache-2.0
import MetricsText

/// Which ways of tagging are understood.
struct TagDialects: Sendable, Equatable {
    /// `name:1|c|#tag:value,other:value`.
    var dogStatsD = true
    /// `name,tag=value,other=value:1|c`.
    var influxDB = true
    /// `name#tag=value,other=value:1|c`.
    var librato = true
    /// `name[tag=value,other=value]:1|c`.
    var signalFX = true
}

/// Reads tags out of names and sections.
struct TagReader {
    let dialects: TagDialects

    /// Takes the tags out of a name; what remains is the metric's name.
    func name(
        _ bytes: ArraySlice<UInt8>,
        into tags: inout [Label],
        _ tally: inout LineTally
    ) -> ArraySlice<UInt8> {
        if dialects.signalFX {
            let opening = bytes.firstIndex(of: UInt8(ascii: "["))
            let closing = bytes.firstIndex(of: UInt8(ascii: "]"))
            if let opening, let closing, opening < closing {
                read(bytes[(opening + 1)..<closing], UInt8(ascii: "="), into: &tags, &tally)
                return bytes[..<opening] + bytes[(closing + 1)...]
            }
            if opening != nil || closing != nil {
                tally.tagErrors += 1
                return bytes
            }
        }
        let start = bytes.firstIndex { byte in
            (byte == UInt8(ascii: "#") && dialects.librato) || (byte == UInt8(ascii: ",") && dialects.influxDB)
        }
        guard let start else { return bytes }
        read(bytes[(start + 1)...], UInt8(ascii: "="), into: &tags, &tally)
        return bytes[..<start]
    }

    /// Reads the section of DogStatsD tags, without its leading `#`.
    func dogStatsD(_ bytes: ArraySlice<UInt8>, into tags: inout [Label], _ tally: inout LineTally) {
        guard dialects.dogStatsD else { return }
        read(bytes, UInt8(ascii: ":"), into: &tags, &tally)
    }

    private func read(
        _ bytes: ArraySlice<UInt8>,
        _ separator: UInt8,
        into tags: inout [Label],
        _ tally: inout LineTally
    ) {
        var rest = bytes
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
            var tag = rest[..<end]
            rest = end < rest.endIndex ? rest[(end + 1)...] : []
            // Some clients repeat the mark before every tag.
            if separator == UInt8(ascii: ":"), tag.first == UInt8(ascii: "#") { tag = tag.dropFirst() }
            guard let split = tag.firstIndex(of: separator), split > tag.startIndex, split + 1 < tag.endIndex else {
                tally.tagErrors += 1
                continue
            }
            let name = MetricName.escaped(String(decoding: tag[..<split], as: UTF8.self))
            let value = String(decoding: tag[(split + 1)...], as: UTF8.self)
            tags.removeAll { $0.name == name }
            tags.append(Label(name, value))
        }
    }
}
