// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SeededTesting
import Testing

@testable import CeleryExporter

@Suite struct JSONReaderTests {
    private func value(_ text: String) throws -> WireValue {
        var reader = JSONReader(Array(text.utf8)[...])
        let value = try reader.value()
        try reader.end()
        return value
    }

    @Test func `every kind of value is read`() throws {
        let text = #" { "a" : [ 1 , -2.5e1, true,false , null ], "\u00e9\ud83d\ude00\n\/" : "x\"y", "o": {} } "#
        #expect(
            try value(text)
                == .object([
                    "a": .array([.integer(1), .number(-25), .bool(true), .bool(false), .null]),
                    "é😀\n/": .string("x\"y"), "o": .object([:]),
                ])
        )
        #expect(try value(#""\ud83d alone""#) == .string("\u{FFFD} alone"))
    }

    @Test(arguments: [
        "", "{", "[1", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "tru", "\"\\x\"", "\"a", "\"\\u12\"", "\"\\u+123\"",
        "1 2", "-",
        "[1 2]", "\"\u{1}\"", "1.2.3", "{\"a\":1,}", "]",
    ])
    func `what is no JSON is refused, read or passed over`(text: String) {
        #expect(throws: JSONReader.Malformed.self) { try value(text) }
        #expect(throws: JSONReader.Malformed.self) {
            var reader = JSONReader(Array(text.utf8)[...])
            try reader.skip()
            try reader.end()
        }
    }

    @Test func `depth has a limit`() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONReader.Malformed.self) { try value(deep) }
    }

    @Test func `drawn texts are read as the system's decoder reads them, or refused`() throws {
        var random = SeededGenerator()
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"\\n\"", "1 ", "-2 ", "0.5 ", "true", "null", " ", "\"é\"",
        ]
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 1..<12, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            let other = try? JSONDecoder().decode(Probe.self, from: Data(text.utf8))
            #expect((try? value(text)) != nil || other == nil, "\(text)")
        }
    }

    /// Takes any value.
    private struct Probe: Decodable {
        init(from decoder: any Decoder) throws {}
    }

    @Test func `base64 goes there and back, and is refused where it is none`() {
        var random = SeededGenerator()
        for count in 0..<50 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let text = Base64.encoded(bytes)
            #expect(text == Data(bytes).base64EncodedString())
            #expect(Base64.decoded(text.utf8) == bytes)
        }
        for text in ["a", "ab", "abc", "a===", "ab=c", "%%%%", "====", "ab==ab=="] {
            #expect(Base64.decoded(text.utf8) == nil, "\(text)")
        }
    }
}
