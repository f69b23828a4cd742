// SPDX-License-Identifier: Apache-2.0

/// How numbers are written, in values and in the labels `le` and `quantile`.
///
/// A bound is a label, and labels are compared as text: a drop-in exporter has to write `le` as the one it replaces.
package enum NumberStyle: Sendable {
    /// As exporters written in Go do: `1`, `0.5`, `2.5e+06`.
    case short
    /// As exporters written in Python do, and as OpenMetrics asks for: `1.0`, `0.5`, `2500000.0`.
    case float

    /// Writes a number in this style.
    package func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        switch self {
        case .float: return value.description
        case .short: return Self.short(value)
        }
    }

    private static func short(_ value: Double) -> String {
        let magnitude = value.magnitude
        // The common case first: a counter below a million. Negative zero keeps its sign on the slow path.
        if magnitude < 1_000_000, let whole = Int(exactly: value), whole != 0 || value.sign == .plus {
            return whole.description
        }
        let (digits, exponent) = decimal(of: magnitude)
        let sign = value.sign == .minus ? "-" : ""
        // Values are written exactly up to 21 digits; only the notation changes at a million.
        guard exponent >= -4, exponent < 6 else { return sign + scientific(digits, exponent) }
        return sign + positional(digits, exponent)
    }

    /// The shortest digits that read back as the value, and the power of ten of the first.
    private static func decimal(of magnitude: Double) -> (digits: [UInt8], exponent: Int) {
        var digits: [UInt8] = []
        var point: Int?
        var shift = 0
        let text = Array(magnitude.description.utf8)
        var place = 0
        while place < text.count {
            switch text[place] {
            case UInt8(ascii: "."): point = digits.count
            case UInt8(ascii: "e"):
                shift = Int(String(decoding: text[(place + 1)...], as: UTF8.self)) ?? 0
                place = text.count
            default: digits.append(text[place])
            }
            place += 1
        }
        var exponent = (point ?? digits.count) - 1 + shift
        while digits.count > 1, digits[0] == UInt8(ascii: "0") {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return (digits, digits == [UInt8(ascii: "0")] ? 0 : exponent)
    }

    private static func scientific(_ digits: [UInt8], _ exponent: Int) -> String {
        var text = String(decoding: digits[..<1], as: UTF8.self)
        if digits.count > 1 { text += "." + String(decoding: digits[1...], as: UTF8.self) }
        let power = exponent.magnitude
        return text + (exponent < 0 ? "e-" : "e+") + (power < 10 ? "0" : "") + String(power)
    }

    private static func positional(_ digits: [UInt8], _ exponent: Int) -> String {
        if exponent < 0 {
            return "0." + String(repeating: "0", count: -exponent - 1) + String(decoding: digits, as: UTF8.self)
        }
        let whole = exponent + 1
        if digits.count <= whole {
            return String(decoding: digits, as: UTF8.self) + String(repeating: "0", count: whole - digits.count)
        }
        return String(decoding: digits[..<whole], as: UTF8.self) + "."
            + String(decoding: digits[whole...], as: UTF8.self)
    }
}
