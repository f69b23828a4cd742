// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import PebbleAPI
import SeededTesting
import Testing

/// Foundation's decoder is the one to agree with.
@Suite struct JSONReadingTests {
    private static func reference(_ text: [UInt8]) -> JSONValue? {
        try? JSONDecoder().decode(JSONValue.self, from: Data(text))
    }

    @Test(arguments: [
        "null", " true ", "false", "0", "-0", "12", "-7", "1.5", "1.0", "1e3", "1E-2", "2.5e+2", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "1e400", "01", "-", "+1", "1.", ".5", "1e", "0x1", "NaN",
        #""a""#, #""a\n\t\"\\\/\b\f\r""#, #""é€😀""#, #""\u00e9\u20AC\ud83d\ude00""#, #""\ud83d""#, #""\ude00""#,
        #""\ud83dx""#,
        #""\ud83d\u0041""#, #""\x""#, #""\u12""#, "\"a\u{1}\"", "\"", "\"a", "[]", "[ ]", "[1,2]", "[1,]", "[,1]",
        "[1 2]", "[",
        "{}", "{ }", #"{"a":1}"#, #"{"a":1,"b":[{"c":null}]}"#, #"{"a":1,}"#, #"{a:1}"#, #"{"a"}"#, #"{"a":}"#, "{",
        #"{"a":1,"a":2}"#, "", " ", "nul", "truex", "1 2", "[]x", "\u{feff}1", "/**/1", "'a'",
    ])
    func `a text is read and refused as by Foundation`(text: String) {
        let found = try? JSONReading.value(of: text.utf8)
        let expected = Self.reference(Array(text.utf8))
        #expect(found == expected)
    }

    @Test func `text that is not UTF-8 is refused`() {
        #expect(throws: DecodingError.self) { try JSONReading.value(of: [0x22, 0xFF, 0x22] as [UInt8]) }
        #expect(throws: DecodingError.self) { try JSONReading.value(of: [0x22, 0x5C, 0x6E, 0xC3, 0x22] as [UInt8]) }
    }

    @Test func `values within values are read to a depth of 512`() throws {
        let deep = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
        _ = try JSONReading.value(of: deep.utf8)
        #expect(throws: DecodingError.self) { try JSONReading.value(of: "[\(deep)]".utf8) }
    }

    @Test func `what is refused is said with its place`() {
        let error = #expect(throws: DecodingError.self) { try JSONReading.value(of: #"{"a": tru}"#.utf8) }
        guard case .dataCorrupted(let context)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(context.debugDescription == "not valid JSON: no value at byte 6")
    }

    // MARK: - Drawn

    private static func value(_ numbers: inout SeededGenerator, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &numbers) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &numbers))
        case 2:
            let shift = Int64.random(in: 0...50, using: &numbers)
            return .integer(Int64.random(in: -99...99, using: &numbers) << shift)
        case 3: return .number(Double.random(in: -1e6...1e6, using: &numbers))
        case 4, 5: return .string(text(&numbers))
        case 6:
            let count = Int.random(in: 0...4, using: &numbers)
            return .array((0..<count).map { _ in value(&numbers, depth: depth - 1) })
        default:
            let pairs = (0..<Int.random(in: 0...4, using: &numbers)).map { _ in
                (text(&numbers), value(&numbers, depth: depth - 1))
            }
            return .object(Dictionary(pairs) { first, _ in first })
        }
    }

    private static func text(_ numbers: inout SeededGenerator) -> String {
        let pieces = ["", "a", "\"", "\\", "/", "\n", "\u{1}", "é", "😀", "\u{301}", " ", "key", "\u{2028}", "{", "0"]
        return (0..<Int.random(in: 0...4, using: &numbers)).map { _ in pieces.randomElement(using: &numbers) ?? "" }
            .joined()
    }

    @Test func `drawn values come back, and texts broken at a byte are taken as by Foundation`() throws {
        var numbers = SeededGenerator(salt: 41)
        for _ in 0..<1500 {
            let value = Self.value(&numbers, depth: 4)
            var text = try WireJSON.bytes(of: value)
            let found = try JSONReading.value(of: text)
            #expect(found == Self.reference(text))
            // No exponent is drawn: a whole number of more than 53 bits written with one is read as one with a fraction.
            let place = Int.random(in: 0..<text.count, using: &numbers)
            let bytes: [UInt8] = Array("\"{}[],:0a\\\n é-.+".utf8)
            text[place] = bytes.randomElement(using: &numbers) ?? 0
            let broken = try? JSONReading.value(of: text)
            // Names twice in an object are for whoever reads: ours and Foundation's agree on the first.
            #expect(broken == Self.reference(text), "\(String(decoding: text, as: UTF8.self))")
        }
    }

    // MARK: - Types

    private struct Mixed: Codable, Equatable {
        enum Word: String, Codable { case one, two }
        struct Inner: Codable, Equatable { var list: [Int?] = [1, nil] }
        var text = "a"
        var number = 7
        var small: UInt8 = 200
        var half = 0.5
        var truth = true
        var maybe: String?
        var word = Word.two
        var words: [Word] = [.one]
        var inner = Inner()
        var map = ["x": [1, 2]]
        var numbered = [3: "c"]
        var open: JSONValue = .object(["k": .array([.null, 1])])
    }

    private static func outcome(_ read: () throws -> Mixed) -> String {
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map(\.stringValue).joined(separator: "/")
        }
        do {
            return "\(try read())"
        } catch DecodingError.keyNotFound(let key, let context) {
            return "no \(key.stringValue) at \(path(context))"
        } catch DecodingError.typeMismatch(let type, let context) {
            return "not \(type) at \(path(context))"
        } catch DecodingError.valueNotFound(let type, let context) {
            return "null for \(type) at \(path(context))"
        } catch DecodingError.dataCorrupted {
            // Foundation does not always say where.
            return "corrupted"
        } catch {
            return "\(error)"
        }
    }

    @Test func `types are decoded, and what does not fit is refused, as by Foundation`() throws {
        let good = try WireJSON.bytes(of: Mixed())
        let decoded = try WireJSON.decode(Mixed.self, from: good)
        #expect(decoded == Mixed())
        guard case .object(let members) = try JSONReading.value(of: good) else {
            Issue.record("no object")
            return
        }
        let wrong: [JSONValue] = [.null, true, 1, .number(1.5), "x", .array([]), .array(["x"]), .object([:]), 300]
        for name in members.keys.sorted() {
            for value in wrong + [nil] {
                var broken = members
                broken[name] = value
                let text = try WireJSON.bytes(of: JSONValue.object(broken))
                let found = Self.outcome { try WireJSON.decode(Mixed.self, from: text) }
                let expected = Self.outcome { try JSONDecoder().decode(Mixed.self, from: Data(text)) }
                #expect(found == expected, "\(name): \(String(describing: value))")
            }
        }
    }
}
