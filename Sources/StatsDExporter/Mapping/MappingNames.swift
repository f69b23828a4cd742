// SPDX-License-Identifier: Apache-2.0

/// What names and patterns of a mapping file look like.
enum MappingNames {
    /// Whether a pattern is fields joined by dots, each a `*` or a name; only later fields may begin with a digit.
    static func isGlob(_ pattern: String) -> Bool {
        let fields = pattern.split(separator: ".", omittingEmptySubsequences: false)
        return fields.enumerated().allSatisfy { place, field in
            if field == "*" { return true }
            guard let first = field.utf8.first else { return false }
            return (isLetter(first) || (place > 0 && isDigit(first)))
                && field.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
        }
    }

    /// Whether a text is a metric name once its references, such as `${1}`, are filled in.
    static func isName(_ template: String) -> Bool {
        let filled = NameTemplate(template).filled(Array(repeating: "a", count: 100))
        guard let first = filled.utf8.first else { return false }
        return isLetter(first) && filled.utf8.allSatisfy { isLetter($0) || isDigit($0) }
    }

    /// Whether a text is a label's name.
    static func isLabel(_ name: String) -> Bool {
        guard let first = name.utf8.first else { return false }
        return isLetter(first) && name.utf8.allSatisfy { isLetter($0) || isDigit($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

/// Durations as Go writes them: `300ms`, `1m20s`, `1.5h`; a number alone counts nanoseconds.
enum DurationText {
    /// Reads a duration that is not negative, or returns nil.
    static func read(_ text: String) -> Duration? {
        if let nanoseconds = Int64(text) { return nanoseconds < 0 ? nil : .nanoseconds(nanoseconds) }
        var total = 0.0
        var rest = Substring(text)
        if rest.isEmpty { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard let number = Double(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            // The longer names come first: "m" begins "ms".
            let unit = units.first { rest.hasPrefix($0.name) }
            guard let unit else { return nil }
            total += number * unit.seconds
            rest = rest.dropFirst(unit.name.count)
        }
        return total < 1e9 ? .nanoseconds(Int64((total * 1e9).rounded())) : nil
    }

    private static let units: [(name: String, seconds: Double)] = [
        ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("μs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600),
    ]
}
