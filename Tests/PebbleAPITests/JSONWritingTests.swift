// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import PebbleAPI
import Testing

/// Foundation's encoder is the one to agree with.
@Suite struct JSONWritingTests {
    private static func reference(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func written(_ value: some Encodable) throws -> String {
        String(decoding: try WireJSON.bytes(of: value), as: UTF8.self)
    }

    private struct Mixed: Codable {
        enum Sort: Codable {
            case plain
            case named(first: Int, second: String)
            case list([Int])
        }
        var zebra = 1
        var alpha: String? = "a/b"
        var nothing: String?
        var list = ["x", "y"]
        var empty: [Int] = []
        var map = ["b": 1, "a": 2]
        var sorts: [Sort] = [.plain, .named(first: 1, second: "s"), .list([1, 2])]
        var optionals: [Int?] = [1, nil]
        var small: [UInt8] = [0, 255]
        var truth = true
        var half = 0.5
        var whole = 3.0
        var huge = UInt64.max
        var none = Empty()
    }

    private struct Empty: Codable {}

    @Test func `what is written is what Foundation writes`() throws {
        let expected = try Self.reference(Mixed())
        let found = try Self.written(Mixed())
        #expect(found == expected)
        let change = ChangeInfo(
            id: "1",
            kind: "start",
            summary: "Start service \"a\"",
            status: .doing,
            tasks: [TaskInfo(id: "2", kind: "start", summary: "s", status: .done, spawnTime: Timestamp(seconds: 7))],
            ready: false,
            spawnTime: Timestamp(seconds: 1, nanoseconds: 5),
            data: ["z": .array([.null, .number(1.5)]), "a": .object(["k": true])]
        )
        let changeExpected = try Self.reference([change])
        let changeFound = try Self.written([change])
        #expect(changeFound == changeExpected)
    }

    @Test func `every character is written as Foundation writes it`() throws {
        var text = ""
        for value in 0..<0x300 { text.unicodeScalars.append(Unicode.Scalar(UInt8(clamping: value))) }
        text += "\u{2028}\u{1F600}é\u{FFFD}"
        let expected = try Self.reference([text])
        let found = try Self.written([text])
        #expect(found == expected)
    }

    @Test(arguments: 0..<200)
    func `drawn values are written as Foundation writes them`(seed: UInt64) throws {
        var generator = Drawing(state: seed &* 0x9E37_79B9_7F4A_7C15 | 1)
        let value = Self.draw(&generator, depth: 0)
        let expected = try Self.reference([value])
        let found = try Self.written([value])
        #expect(found == expected)
    }

    @Test func `a number that JSON has no word for is an error`() {
        #expect(throws: EncodingError.self) { try WireJSON.bytes(of: [Double.nan]) }
    }

    private struct Drawing: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    private static func draw(_ generator: inout Drawing, depth: Int) -> JSONValue {
        let words = ["", "a", "B", "a/b", "\n\u{1}\"\\", "ä€😀", "z10", "z9"]
        switch Int.random(in: 0..<(depth > 3 ? 5 : 7), using: &generator) {
        case 0: return .null
        case 1: return .bool(.random(using: &generator))
        case 2: return .integer(.random(in: .min ... .max, using: &generator))
        case 3: return .number(.random(in: -1e12...1e12, using: &generator))
        case 4: return .string(words.randomElement(using: &generator) ?? "")
        case 5:
            return .array(
                (0..<Int.random(in: 0..<4, using: &generator)).map { _ in draw(&generator, depth: depth + 1) }
            )
        default:
            var object: [String: JSONValue] = [:]
            for _ in 0..<Int.random(in: 0..<5, using: &generator) {
                object[words.randomElement(using: &generator) ?? ""] = draw(&generator, depth: depth + 1)
            }
            return .object(object)
        }
    }
}
