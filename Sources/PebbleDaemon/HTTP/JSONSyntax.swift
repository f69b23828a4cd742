// SPDX-License-Identifier: Apache-2.0

/// Finds the first thing that is wrong with a text as JSON, and says it in the words clients of the original know.
///
/// It follows the original in what it takes and refuses, too.
struct JSONSyntax {
    private enum Container {
        case object
        case array
    }

    private struct Problem: Error {
        var text: String
    }

    private let bytes: ArraySlice<UInt8>
    private var index: Int
    private var containers: [Container] = []

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        index = bytes.startIndex
    }

    /// What is wrong with the first value of a text; nil if nothing is.
    static func problem(in bytes: ArraySlice<UInt8>) -> String? {
        var scanner = JSONSyntax(bytes)
        do throws(Problem) {
            try scanner.scan()
            return nil
        } catch {
            return error.text
        }
    }

    private mutating func scan() throws(Problem) {
        repeat {
            // A value is due here; a container goes on with what is in it.
            switch try next("looking for beginning of value") {
            case UInt8(ascii: "{"):
                guard try peek("looking for beginning of object key string") == UInt8(ascii: "}") else {
                    containers.append(.object)
                    try scanKey()
                    continue
                }
                index += 1
            case UInt8(ascii: "["):
                guard try peek("looking for beginning of value") == UInt8(ascii: "]") else {
                    containers.append(.array)
                    continue
                }
                index += 1
            case let first:
                try scanScalar(first)
            }
            try scanEnds()
        } while !containers.isEmpty
    }

    /// After a value: a comma and what follows it, or the ends of containers.
    private mutating func scanEnds() throws(Problem) {
        while let container = containers.last {
            switch container {
            case .object:
                let byte = try next("after object key:value pair", "}", ",")
                guard byte == UInt8(ascii: "}") else { return try scanKey() }
            case .array:
                guard try next("after array element", "]", ",") == UInt8(ascii: "]") else { return }
            }
            containers.removeLast()
        }
    }

    private mutating func scanKey() throws(Problem) {
        _ = try next("looking for beginning of object key string", "\"")
        try scanText()
        _ = try next("after object key", ":")
    }

    private mutating func scanScalar(_ first: UInt8) throws(Problem) {
        switch first {
        case UInt8(ascii: "\""): try scanText()
        case UInt8(ascii: "t"): try scanWord("true")
        case UInt8(ascii: "f"): try scanWord("false")
        case UInt8(ascii: "n"): try scanWord("null")
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try scanNumber(first)
        default: throw invalid(first, "looking for beginning of value")
        }
    }

    private mutating func scanWord(_ word: StaticString) throws(Problem) {
        let letters = Array("\(word)".utf8)
        for letter in letters.dropFirst() {
            let byte = try take()
            let expected = Character(Unicode.Scalar(letter))
            guard byte == letter else { throw invalid(byte, "in literal \(word) (expecting '\(expected)')") }
        }
    }

    private mutating func scanNumber(_ first: UInt8) throws(Problem) {
        var lead = first
        if first == UInt8(ascii: "-") {
            lead = try take()
            guard Self.isDigit(lead) else { throw invalid(lead, "in numeric literal") }
        }
        if lead != UInt8(ascii: "0") { skipDigits() }
        if current == UInt8(ascii: ".") {
            index += 1
            try scanDigits("after decimal point in numeric literal")
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            index += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index += 1 }
            try scanDigits("in exponent of numeric literal")
        }
    }

    private mutating func scanDigits(_ place: String) throws(Problem) {
        let byte = try take()
        guard Self.isDigit(byte) else { throw invalid(byte, place) }
        skipDigits()
    }

    private mutating func skipDigits() {
        while let current, Self.isDigit(current) { index += 1 }
    }

    /// The rest of a text, after its opening quote.
    private mutating func scanText() throws(Problem) {
        while true {
            let byte = try take()
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): try scanEscape()
            case ..<32: throw invalid(byte, "in string literal")
            default: break
            }
        }
    }

    private mutating func scanEscape() throws(Problem) {
        let byte = try take()
        guard byte == UInt8(ascii: "u") else {
            guard #""\/bfnrt"#.utf8.contains(byte) else { throw invalid(byte, "in string escape code") }
            return
        }
        for _ in 0..<4 {
            let digit = try take()
            guard Character(Unicode.Scalar(digit)).isHexDigit else {
                throw invalid(digit, "in \\u hexadecimal character escape")
            }
        }
    }

    // MARK: - Bytes

    private var current: UInt8? { index < bytes.endIndex ? bytes[index] : nil }

    private mutating func take() throws(Problem) -> UInt8 {
        guard let current else { throw Problem(text: "unexpected EOF") }
        index += 1
        return current
    }

    /// The next byte that is no blank, still to be taken.
    private mutating func peek(_ place: String) throws(Problem) -> UInt8 {
        while let current, [9, 10, 13, 32].contains(current) { index += 1 }
        guard let current else { throw Problem(text: "unexpected EOF") }
        return current
    }

    /// Takes the next byte that is no blank, which has to be one of some.
    private mutating func next(_ place: String, _ allowed: Unicode.Scalar...) throws(Problem) -> UInt8 {
        let byte = try peek(place)
        guard allowed.isEmpty || allowed.contains(Unicode.Scalar(byte)) else { throw invalid(byte, place) }
        index += 1
        return byte
    }

    private func invalid(_ byte: UInt8, _ place: String) -> Problem {
        let scalar = Unicode.Scalar(byte)
        let shown: String
        switch scalar {
        case "'", "\\": shown = "\\\(scalar)"
        case "\n": shown = "\\n"
        case "\r": shown = "\\r"
        case "\t": shown = "\\t"
        case _ where byte < 32 || byte == 127:
            let digits = String(byte, radix: 16)
            shown = "\\x\(digits.count < 2 ? "0" : "")\(digits)"
        default: shown = String(Character(scalar))
        }
        return Problem(text: "invalid character '\(shown)' \(place)")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
