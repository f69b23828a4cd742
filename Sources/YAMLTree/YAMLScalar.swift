// SPDX-License-Identifier: Apache-2.0

/// One piece of text in a YAML document, and how it was written.
package struct YAMLScalar: Hashable, Sendable {
    /// How a scalar is written.
    package enum Style: Hashable, Sendable {
        case plain
        case singleQuoted
        case doubleQuoted
        case literal
        case folded
    }

    /// What a scalar stands for.
    package enum Value: Hashable, Sendable {
        case null
        case bool(Bool)
        case integer(Int)
        case number(Double)
        case string(String)
    }

    package var text: String
    package var style: Style
    /// The tag it was given, such as `!!str`; nil for none.
    package var tag: String?

    package init(text: String, style: Style, tag: String? = nil) {
        self.text = text
        self.style = style
        self.tag = tag
    }

    /// What the scalar stands for, by the core schema of YAML 1.2 and its tag.
    package var value: Value {
        switch tag {
        case "!", "!!str", "tag:yaml.org,2002:str": .string(text)
        case "!!null", "tag:yaml.org,2002:null": .null
        default: style == .plain ? Self.resolve(text) : .string(text)
        }
    }

    /// The tag of times, which YAML 1.1 knows by their form and so are written without quotes.
    package static let timestampTag = "!!timestamp"

    package var isNull: Bool { value == .null }

    /// Scalars are equal when they stand for the same, however they are written.
    package static func == (left: YAMLScalar, right: YAMLScalar) -> Bool {
        left.value == right.value
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(value)
    }

    /// The short tag of what the scalar stands for, for messages.
    package var kind: String {
        switch value {
        case .null: "!!null"
        case .bool: "!!bool"
        case .integer: "!!int"
        case .number: "!!float"
        case .string: "!!str"
        }
    }

    /// What plain text stands for.
    package static func resolve(_ text: String) -> Value {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".nan", ".NaN", ".NAN": return .number(.nan)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .number(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
        default: break
        }
        guard let first = text.utf8.first, isNumberStart(first) else { return .string(text) }
        if let integer = integer(text) { return .integer(integer) }
        if let number = decimal(text) { return .number(number) }
        return .string(text)
    }

    private static func isNumberStart(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
    }

    private static func integer(_ text: String) -> Int? {
        if text.hasPrefix("0x") { return Int(text.dropFirst(2), radix: 16).flatMap { $0 < 0 ? nil : $0 } }
        if text.hasPrefix("0o") { return Int(text.dropFirst(2), radix: 8).flatMap { $0 < 0 ? nil : $0 } }
        return Int(text)
    }

    /// A decimal number with a point or an exponent; the standard library's reader alone would take `0x1p3` and `nan`.
    private static func decimal(_ text: String) -> Double? {
        var digits = 0
        for byte in text.utf8 {
            switch byte {
            case 48...57: digits += 1
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"): break
            default: return nil
            }
        }
        guard digits > 0 else { return nil }
        let unsigned = text.hasPrefix("+") ? String(text.dropFirst()) : text
        return Double(unsigned)
    }

    /// Whether plain text would be read back as text, by readers of YAML 1.1 too.
    static func looksLikeText(_ text: String) -> Bool {
        guard case .string = resolve(text) else { return false }
        switch text.lowercased() {
        case "y", "n", "yes", "no", "on", "off", "<<", "=": return false
        default: break
        }
        guard let first = text.utf8.first, isNumberStart(first) else { return true }
        return !looksLikeOldNumber(text)
    }

    /// Numbers and dates of YAML 1.1: underscores, base sixty, `2026-11-22`.
    private static func looksLikeOldNumber(_ text: String) -> Bool {
        let body = Array(text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") })
        let isDigit = { (byte: UInt8) in (48...57).contains(byte) }
        guard let first = body.first, isDigit(first) else { return false }
        if body.count >= 8, body[..<4].allSatisfy(isDigit), body[4] == UInt8(ascii: "-"), isDigit(body[5]) {
            return true
        }
        var separators = 0
        for byte in body where !isDigit(byte) && byte != UInt8(ascii: ".") {
            guard byte == UInt8(ascii: ":") || byte == UInt8(ascii: "_") else { return false }
            separators += 1
        }
        return separators > 0
    }
}
