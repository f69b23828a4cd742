// SPDX-License-Identifier: Apache-2.0

/// Reads JSON member by member: messages are many and of a few shapes, and only some of what they hold is wanted.
struct JSONReader {
    /// What is no JSON, or deeper than anybody writes.
    struct Malformed: Error {}

    /// What a value is, by how it begins.
    enum Kind {
        case null
        case bool
        case number
        case string
        case array
        case object
    }

    private static let deepest = 128

    private let bytes: ArraySlice<UInt8>
    private var place: Int
    private var depth = 0

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        place = bytes.startIndex
    }

    /// What the next value is.
    mutating func kind() throws(Malformed) -> Kind {
        switch try peek() {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw Malformed()
        }
    }

    /// Reads an object; `member` reads or skips the value of each.
    mutating func object(_ member: (inout JSONReader, String) throws(Malformed) -> Void) throws(Malformed) {
        try enter(UInt8(ascii: "{"))
        if try leaves(UInt8(ascii: "}")) { return }
        repeat {
            let name = try string()
            try take(UInt8(ascii: ":"))
            try member(&self, name)
        } while try goesOn(UInt8(ascii: "}"))
    }

    /// Reads an array; `element` reads or skips each value.
    mutating func array(_ element: (inout JSONReader) throws(Malformed) -> Void) throws(Malformed) {
        try enter(UInt8(ascii: "["))
        if try leaves(UInt8(ascii: "]")) { return }
        repeat { try element(&self) } while try goesOn(UInt8(ascii: "]"))
    }

    /// Reads a text.
    mutating func string() throws(Malformed) -> String {
        try take(UInt8(ascii: "\""))
        let start = place
        while place < bytes.endIndex {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\"") {
                guard let text = String(validating: bytes[start..<place], as: UTF8.self) else { throw Malformed() }
                place += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            if byte < 0x20 { throw Malformed() }
            place += 1
        }
        throw Malformed()
    }

    /// Reads a number.
    mutating func number() throws(Malformed) -> Double {
        guard let number = Double(try numberText()) else { throw Malformed() }
        return number
    }

    /// Passes over a value, whatever it is.
    mutating func skip() throws(Malformed) {
        switch try kind() {
        case .null: try word("null")
        case .bool: try word(try peek() == UInt8(ascii: "t") ? "true" : "false")
        case .number: _ = try number()
        case .string: try skipString()
        case .array: try array { reader throws(Malformed) in try reader.skip() }
        case .object: try object { reader, _ throws(Malformed) in try reader.skip() }
        }
    }

    /// Reads a value, whatever it is.
    mutating func value() throws(Malformed) -> WireValue {
        switch try kind() {
        case .null:
            try word("null")
            return .null
        case .bool:
            let isTrue = try peek() == UInt8(ascii: "t")
            try word(isTrue ? "true" : "false")
            return .bool(isTrue)
        case .number:
            let text = try numberText()
            if let whole = Int(text) { return .integer(whole) }
            guard let number = Double(text) else { throw Malformed() }
            return .number(number)
        case .string: return .string(try string())
        case .array:
            var values: [WireValue] = []
            try array { reader throws(Malformed) in values.append(try reader.value()) }
            return .array(values)
        case .object:
            var values: [String: WireValue] = [:]
            try object { reader, name throws(Malformed) in values[name] = try reader.value() }
            return .object(values)
        }
    }

    /// Makes sure that nothing follows.
    mutating func end() throws(Malformed) {
        skipBlanks()
        if place < bytes.endIndex { throw Malformed() }
    }

    // MARK: - Structure

    private mutating func enter(_ opening: UInt8) throws(Malformed) {
        try take(opening)
        depth += 1
        if depth > Self.deepest { throw Malformed() }
    }

    private mutating func leaves(_ closing: UInt8) throws(Malformed) -> Bool {
        guard try peek() == closing else { return false }
        place += 1
        depth -= 1
        return true
    }

    private mutating func goesOn(_ closing: UInt8) throws(Malformed) -> Bool {
        if try leaves(closing) { return false }
        try take(UInt8(ascii: ","))
        return true
    }

    private mutating func take(_ byte: UInt8) throws(Malformed) {
        guard try peek() == byte else { throw Malformed() }
        place += 1
    }

    private mutating func peek() throws(Malformed) -> UInt8 {
        skipBlanks()
        guard place < bytes.endIndex else { throw Malformed() }
        return bytes[place]
    }

    private mutating func skipBlanks() {
        while place < bytes.endIndex {
            switch bytes[place] {
            case 0x20, 0x09, 0x0A, 0x0D: place += 1
            default: return
            }
        }
    }

    private mutating func word(_ word: StaticString) throws(Malformed) {
        skipBlanks()
        let count = word.utf8CodeUnitCount
        let isIt = word.withUTF8Buffer { bytes[place...].prefix(count).elementsEqual($0) }
        guard isIt else { throw Malformed() }
        place += count
    }

    // MARK: - Numbers and texts

    private mutating func numberText() throws(Malformed) -> String {
        guard try kind() == .number else { throw Malformed() }
        let start = place
        while place < bytes.endIndex {
            switch bytes[place] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                place += 1
            default: return String(decoding: bytes[start..<place], as: UTF8.self)
            }
        }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    private mutating func skipString() throws(Malformed) {
        try take(UInt8(ascii: "\""))
        while place < bytes.endIndex {
            switch bytes[place] {
            case UInt8(ascii: "\""):
                place += 1
                return
            case UInt8(ascii: "\\"):
                place += 1
                _ = try escape()
            case 0..<0x20: throw Malformed()
            default: place += 1
            }
        }
        throw Malformed()
    }

    /// Reads a text with escapes, whose beginning has none.
    private mutating func escapedString(from start: Int) throws(Malformed) -> String {
        var text = Array(bytes[start..<place])
        while place < bytes.endIndex {
            let byte = bytes[place]
            place += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: text, as: UTF8.self) else { throw Malformed() }
                return text
            case UInt8(ascii: "\\"): text += String(try escape()).utf8
            case 0..<0x20: throw Malformed()
            default: text.append(byte)
            }
        }
        throw Malformed()
    }

    private mutating func escape() throws(Malformed) -> Unicode.Scalar {
        guard place < bytes.endIndex else { throw Malformed() }
        let byte = bytes[place]
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try codePoint()
        default: throw Malformed()
        }
    }

    private mutating func codePoint() throws(Malformed) -> Unicode.Scalar {
        let first = try codeUnit()
        guard (0xD800..<0xDC00).contains(first) else {
            // Half a pair alone is no character.
            return Unicode.Scalar(first) ?? "\u{FFFD}"
        }
        guard bytes[place...].prefix(2).elementsEqual([UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
            return "\u{FFFD}"
        }
        place += 2
        let second = try codeUnit()
        guard (0xDC00..<0xE000).contains(second) else { return "\u{FFFD}" }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
    }

    private mutating func codeUnit() throws(Malformed) -> UInt32 {
        let digits = bytes[place...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw Malformed() }
        place += 4
        return unit
    }
}
