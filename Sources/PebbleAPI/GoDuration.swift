// SPDX-License-Identifier: Apache-2.0

/// A duration in the notation Pebble uses on the wire and in layers: `1h0m0s`, `1.5s`, `300ms`.
public struct GoDuration: Hashable, Sendable, Comparable {
    /// The duration itself.
    public var duration: Duration

    /// Wraps a duration.
    public init(_ duration: Duration) {
        self.duration = duration
    }

    /// Reads the notation.
    ///
    /// - Parameter text: one or more numbers, each with a unit of `ns us µs ms s m h`, after an optional sign.
    /// - Throws: ``GoDurationError`` when the text is not of that form.
    public init(parsing text: String) throws(GoDurationError) {
        var reader = GoDurationReader(text)
        duration = try reader.read()
    }

    /// Whether one duration is shorter than the other.
    public static func < (left: GoDuration, right: GoDuration) -> Bool {
        left.duration < right.duration
    }
}

/// Why a text is no duration; the message is the one users of Pebble know.
public struct GoDurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, such as `time: missing unit in duration "5"`.
    public let description: String
}

extension GoDuration: CustomStringConvertible {
    /// The notation, hours first, as short as it can be without losing a nanosecond.
    public var description: String {
        let (seconds, attoseconds) = duration.components
        let negative = seconds < 0 || attoseconds < 0
        let whole = seconds.magnitude
        let nanoseconds = (attoseconds / 1_000_000_000).magnitude
        if whole == 0 && nanoseconds == 0 { return "0s" }
        let text = whole == 0 ? Self.subSecond(nanoseconds) : Self.fromSecond(whole, nanoseconds)
        return (negative ? "-" : "") + text
    }

    private static func subSecond(_ nanoseconds: UInt64) -> String {
        if nanoseconds < 1000 { return "\(nanoseconds)ns" }
        if nanoseconds < 1_000_000 { return "\(nanoseconds / 1000)\(fraction(nanoseconds % 1000, digits: 3))µs" }
        return "\(nanoseconds / 1_000_000)\(fraction(nanoseconds % 1_000_000, digits: 6))ms"
    }

    private static func fromSecond(_ seconds: UInt64, _ nanoseconds: UInt64) -> String {
        let hours = seconds / 3600
        let minutes = seconds % 3600 / 60
        let prefix = hours > 0 ? "\(hours)h\(minutes)m" : minutes > 0 ? "\(minutes)m" : ""
        return "\(prefix)\(seconds % 60)\(fraction(nanoseconds, digits: 9))s"
    }

    private static func fraction(_ number: UInt64, digits: Int) -> String {
        guard number > 0 else { return "" }
        var (number, digits) = (number, digits)
        while number % 10 == 0 {
            number /= 10
            digits -= 1
        }
        let plain = String(number)
        return ".\(String(repeating: "0", count: digits - plain.utf8.count))\(plain)"
    }
}

extension GoDuration: Codable {
    /// Reads the notation from a string.
    public init(from decoder: any Decoder) throws {
        try self.init(parsing: try decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the notation as a string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Reads one duration text from left to right.
private struct GoDurationReader {
    private let text: String
    private var rest: Substring

    init(_ text: String) {
        self.text = text
        rest = text[...]
    }

    mutating func read() throws(GoDurationError) -> Duration {
        var negative = false
        if let sign = rest.first, sign == "-" || sign == "+" {
            negative = sign == "-"
            rest.removeFirst()
        }
        if rest == "0" { return .zero }
        guard !rest.isEmpty else { throw invalid() }
        var nanoseconds: UInt64 = 0
        while !rest.isEmpty {
            let (sum, overflow) = nanoseconds.addingReportingOverflow(try component())
            guard !overflow, sum <= UInt64(Int64.max) + (negative ? 1 : 0) else { throw invalid() }
            nanoseconds = sum
        }
        let whole = Duration.seconds(Int64(nanoseconds / 1_000_000_000))
        let duration = whole + .nanoseconds(Int64(nanoseconds % 1_000_000_000))
        return negative ? .zero - duration : duration
    }

    /// One number with its unit, in nanoseconds.
    private mutating func component() throws(GoDurationError) -> UInt64 {
        let whole = digits()
        var fraction: Substring = ""
        if rest.first == "." {
            rest.removeFirst()
            fraction = digits()
        }
        guard !(whole.isEmpty && fraction.isEmpty) else { throw invalid() }
        let unit = rest.prefix { $0 != "." && !$0.isASCIIDigit }
        rest.removeFirst(unit.count)
        guard !unit.isEmpty else {
            throw GoDurationError(description: "time: missing unit in duration \(quoted(text))")
        }
        guard let scale = Self.scale(unit) else {
            throw GoDurationError(description: "time: unknown unit \(quoted(String(unit))) in duration \(quoted(text))")
        }
        guard let number = whole.isEmpty ? 0 : UInt64(whole) else { throw invalid() }
        let (product, overflow) = number.multipliedReportingOverflow(by: scale)
        guard !overflow else { throw invalid() }
        return product &+ Self.part(fraction, of: scale)
    }

    private mutating func digits() -> Substring {
        let digits = rest.prefix { $0.isASCIIDigit }
        rest.removeFirst(digits.count)
        return digits
    }

    private func invalid() -> GoDurationError {
        GoDurationError(description: "time: invalid duration \(quoted(text))")
    }

    private func quoted(_ text: String) -> String {
        "\"\(text)\""
    }

    private static func scale(_ unit: Substring) -> UInt64? {
        switch unit {
        case "ns": 1
        case "us", "µs", "μs": 1000
        case "ms": 1_000_000
        case "s": 1_000_000_000
        case "m": 60_000_000_000
        case "h": 3_600_000_000_000
        default: nil
        }
    }

    private static func part(_ fraction: Substring, of scale: UInt64) -> UInt64 {
        var result = 0.0
        var weight = Double(scale)
        for digit in fraction.prefix(18) {
            weight /= 10
            result += weight * Double(digit.wholeNumberValue ?? 0)
        }
        return UInt64(result.rounded(.toNearestOrAwayFromZero))
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool {
        ("0"..."9").contains(self)
    }
}
