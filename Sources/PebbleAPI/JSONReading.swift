// SPDX-License-Identifier: Apache-2.0

// Foundation's decoder is most of what it costs a short-lived program to have Foundation: megabytes of code and tables
// for one answer of a hook tool. What is here reads a whole text into a `JSONValue` and decodes types from that; no
// strategies. The tests hold it equal to Foundation's, in what it reads and in what it refuses.

/// Reads JSON (RFC 8259), and what Foundation takes beside it: a comma after the last of several, a byte order mark.
package enum JSONReading {
    /// How deep arrays and objects may lie in each other.
    package static let maximumDepth = 512

    /// Reads a whole text.
    ///
    /// - Parameter bytes: The text, in UTF-8.
    /// - Returns: The value.
    /// - Throws: `DecodingError.dataCorrupted` saying where it is not JSON.
    package static func value(of bytes: some Sequence<UInt8>) throws -> JSONValue {
        let read = try bytes.withContiguousStorageIfAvailable { try scan($0) }
        if let read { return read }
        return try Array(bytes).withUnsafeBufferPointer { try scan($0) }
    }

    /// Decodes a type from a whole text.
    package static func decode<Value: Decodable>(
        _ type: Value.Type,
        from bytes: some Sequence<UInt8>
    ) throws -> Value {
        try decode(type, from: try value(of: bytes))
    }

    /// Decodes a type from a value that was read.
    package static func decode<Value: Decodable>(_ type: Value.Type, from value: JSONValue) throws -> Value {
        try ValueDecoder(value: value, path: .root).decode(type)
    }

    private static func scan(_ bytes: UnsafeBufferPointer<UInt8>) throws -> JSONValue {
        var scanner = JSONScanner(bytes: bytes)
        do throws(JSONScanner.Problem) {
            return try scanner.whole()
        } catch {
            let description = "not valid JSON: \(error.what) at byte \(error.offset)"
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: description))
        }
    }
}

/// Goes through a text once.
struct JSONScanner {
    struct Problem: Error {
        let what: String
        let offset: Int
    }

    let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0
    private var depth = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func whole() throws(Problem) -> JSONValue {
        _ = take(word: "\u{FEFF}")
        let value = try value()
        skipBlanks()
        guard offset == bytes.count else { throw problem("something after the value") }
        return value
    }

    private func problem(_ what: String) -> Problem { Problem(what: what, offset: offset) }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: byte) else { return false }
        offset += 1
        return true
    }

    private mutating func take(word: StaticString) -> Bool {
        guard bytes.count - offset >= word.utf8CodeUnitCount else { return false }
        let isThere = word.withUTF8Buffer { $0.elementsEqual(bytes[offset..<offset + $0.count]) }
        if isThere { offset += word.utf8CodeUnitCount }
        return isThere
    }

    private mutating func value() throws(Problem) -> JSONValue {
        skipBlanks()
        switch next {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "t") where take(word: "true"): return .bool(true)
        case UInt8(ascii: "f") where take(word: "false"): return .bool(false)
        case UInt8(ascii: "n") where take(word: "null"): return .null
        case let byte? where byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte): return try number()
        case nil: throw problem("the end where a value should be")
        default: throw problem("no value")
        }
    }

    private mutating func enter() throws(Problem) {
        offset += 1
        depth += 1
        guard depth <= JSONReading.maximumDepth else { throw problem("too many values within each other") }
    }

    private mutating func array() throws(Problem) -> JSONValue {
        try enter()
        defer { depth -= 1 }
        var elements: [JSONValue] = []
        skipBlanks()
        if take("]") { return .array(elements) }
        while true {
            elements.append(try value())
            skipBlanks()
            let goesOn = take(",")
            skipBlanks()
            if take("]") { return .array(elements) }
            guard goesOn else { throw problem("neither , nor ]") }
        }
    }

    private mutating func object() throws(Problem) -> JSONValue {
        try enter()
        defer { depth -= 1 }
        var members: [String: JSONValue] = [:]
        skipBlanks()
        if take("}") { return .object(members) }
        while true {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw problem("no name of a member") }
            let name = try string()
            skipBlanks()
            guard take(":") else { throw problem("no : after a name") }
            let member = try value()
            // Of members of one name the first counts, as with Foundation.
            if members[name] == nil { members[name] = member }
            skipBlanks()
            let goesOn = take(",")
            skipBlanks()
            if take("}") { return .object(members) }
            guard goesOn else { throw problem("neither , nor }") }
        }
    }

    // MARK: - Numbers

    private mutating func digits() -> Int {
        let start = offset
        while let byte = next, (0x30...0x39).contains(byte) { offset += 1 }
        return offset - start
    }

    private mutating func number() throws(Problem) -> JSONValue {
        let start = offset
        _ = take("-")
        let whole = offset
        guard digits() > 0 else { throw problem("no digit in a number") }
        guard bytes[whole] != 0x30 || offset == whole + 1 else { throw problem("a number with a leading zero") }
        var isWhole = true
        if take(".") {
            isWhole = false
            guard digits() > 0 else { throw problem("no digit after the point of a number") }
        }
        if take("e") || take("E") {
            isWhole = false
            if !take("+") { _ = take("-") }
            guard digits() > 0 else { throw problem("no digit in the exponent of a number") }
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isWhole, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw problem("a number that is too large") }
        // A whole number is one in whatever way it is written.
        if let value = Int64(exactly: value) { return .integer(value) }
        return .number(value)
    }

    // MARK: - Text

    private mutating func string() throws(Problem) -> String {
        offset += 1
        let start = offset
        while let byte = next {
            if byte == 0x22 {
                let text = try checked(bytes[start..<offset])
                offset += 1
                return text
            }
            if byte == 0x5C { return try string(after: start) }
            guard byte >= 0x20 else { throw problem("a control character in a text") }
            offset += 1
        }
        throw problem("the end within a text")
    }

    /// Reads on where there are escapes.
    private mutating func string(after start: Int) throws(Problem) -> String {
        var text = Array(bytes[start..<offset])
        while let byte = next {
            offset += 1
            switch byte {
            case 0x22: return try checked(text[...])
            case 0x5C: try escape(into: &text)
            case 0x20...: text.append(byte)
            default: throw problem("a control character in a text")
            }
        }
        throw problem("the end within a text")
    }

    private mutating func escape(into text: inout [UInt8]) throws(Problem) {
        guard let byte = next else { throw problem("the end within a text") }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: UTF8.encode(try scalar()).unsafelyUnwrapped)
        default: throw problem("an unknown escape")
        }
    }

    /// What `\u` says, with the second half of a pair.
    private mutating func scalar() throws(Problem) -> Unicode.Scalar {
        let first = try unit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let isHigh = (0xD800...0xDBFF).contains(first)
        guard isHigh, take("\\"), take("u") else { throw problem("half of a surrogate pair") }
        let second = try unit()
        guard (0xDC00...0xDFFF).contains(second) else { throw problem("half of a surrogate pair") }
        let code = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
        guard let scalar = Unicode.Scalar(code) else { throw problem("half of a surrogate pair") }
        return scalar
    }

    private mutating func unit() throws(Problem) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Self.hexadecimal(byte) else {
                throw problem("an escape without its digits")
            }
            value = value << 4 | digit
            offset += 1
        }
        return value
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte - 0x30)
        case 0x41...0x46: UInt32(byte - 0x41 + 10)
        case 0x61...0x66: UInt32(byte - 0x61 + 10)
        default: nil
        }
    }

    private func checked(_ bytes: some Sequence<UInt8>) throws(Problem) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw problem("a text that is not UTF-8") }
        return text
    }
}
