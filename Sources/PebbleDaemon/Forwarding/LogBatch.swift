// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PebbleAPI

/// A line on its way to a log target.
struct LogEntry: Equatable, Sendable {
    var time: Timestamp
    var service: String
    var text: ArraySlice<UInt8>
}

/// Lines that go to a log target together, and what they are labelled with.
struct LogBatch: Equatable, Sendable {
    var entries: [LogEntry]
    /// The labels of each service, its variables filled in.
    var labels: [String: [String: String]]

    /// The entries of each service, services by name, each one's entries as they came.
    var byService: [(service: String, entries: [LogEntry])] {
        Dictionary(grouping: entries, by: \.service)
            .sorted { $0.key < $1.key }
            .map { (service: $0.key, entries: $0.value) }
    }

    func labels(of service: String) -> [(name: String, value: String)] {
        (labels[service] ?? [:]).sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    }
}

extension Timestamp {
    /// Nanoseconds since 1970, as digits.
    var nanosecondsText: String {
        let digits = String(nanoseconds)
        return "\(seconds)\(String(repeating: "0", count: 9 - digits.count))\(digits)"
    }
}

/// Builds JSON text piece by piece: batches are many and of one shape, and a tree of values for each would cost more
/// than all the rest.
struct JSONWriter {
    private(set) var buffer = ByteBuffer()
    private var needsComma = false

    mutating func object(_ body: (inout JSONWriter) -> Void) { nest("{", "}", body) }

    mutating func array(_ body: (inout JSONWriter) -> Void) { nest("[", "]", body) }

    mutating func key(_ name: String) {
        string(name)
        buffer.writeStaticString(":")
        needsComma = false
    }

    mutating func string(_ text: String) { string(Array(text.utf8)[...]) }

    /// What is no UTF-8 becomes U+FFFD.
    mutating func string(_ bytes: ArraySlice<UInt8>) {
        separate()
        JSONText.write(bytes, to: &buffer)
    }

    private mutating func nest(_ open: StaticString, _ close: StaticString, _ body: (inout JSONWriter) -> Void) {
        separate()
        buffer.writeStaticString(open)
        needsComma = false
        body(&self)
        buffer.writeStaticString(close)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { buffer.writeStaticString(",") }
        needsComma = true
    }
}
