// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A moment in UTC, exact to the nanosecond, written as RFC 3339 on the wire.
public struct Timestamp: Hashable, Sendable, Comparable {
    /// Whole seconds since 1970-01-01T00:00:00Z; negative before it.
    public var seconds: Int64
    /// Nanoseconds into the second, 0 to 999,999,999.
    public var nanoseconds: Int32

    /// Makes a moment from whole seconds and the nanoseconds after them.
    public init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The moment the system clock shows now.
    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
    }

    /// Whether one moment lies before the other.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// The moment a duration later.
    public static func + (time: Timestamp, duration: Duration) -> Timestamp {
        let (whole, attoseconds) = duration.components
        var seconds = time.seconds + whole
        var nanoseconds = Int64(time.nanoseconds) + attoseconds / 1_000_000_000
        if nanoseconds < 0 {
            nanoseconds += 1_000_000_000
            seconds -= 1
        } else if nanoseconds >= 1_000_000_000 {
            nanoseconds -= 1_000_000_000
            seconds += 1
        }
        return Timestamp(seconds: seconds, nanoseconds: Int32(nanoseconds))
    }

    /// The time that passed from the right moment to the left one.
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .seconds(left.seconds - right.seconds) + .nanoseconds(Int64(left.nanoseconds) - Int64(right.nanoseconds))
    }
}

extension Timestamp: CustomStringConvertible {
    /// The moment as RFC 3339 in UTC, trailing zeros of the fraction dropped.
    public var description: String {
        text(fractionDigits: nil)
    }

    /// The moment as RFC 3339 in UTC with a fixed number of fraction digits, as log lines want it.
    ///
    /// Digit by digit into one piece of memory: it is part of every line of log, and of every service in a reply.
    package func text(fractionDigits: Int?) -> String {
        let date = CivilDate(secondsSinceEpoch: seconds)
        return String(unsafeUninitializedCapacity: 48) { text in
            var end = 0
            func put(_ character: Unicode.Scalar) {
                text[end] = UInt8(truncatingIfNeeded: character.value)
                end += 1
            }
            func put(_ number: Int, width: Int) {
                var rest = number.magnitude
                for place in (0..<width).reversed() {
                    text[end + place] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
                end += width
            }
            put(date.year, width: (-9999...9999).contains(date.year) ? 4 : String(date.year.magnitude).utf8.count)
            put("-")
            put(date.month, width: 2)
            put("-")
            put(date.day, width: 2)
            put("T")
            put(date.hour, width: 2)
            put(":")
            put(date.minute, width: 2)
            put(":")
            put(date.second, width: 2)
            let point = end
            put(".")
            put(Int(nanoseconds), width: 9)
            if let fractionDigits {
                end = fractionDigits > 0 ? point + 1 + min(fractionDigits, 9) : point
            } else {
                while text[end - 1] == UInt8(ascii: "0") { end -= 1 }
                if end == point + 1 { end = point }
            }
            put("Z")
            return end
        }
    }
}

extension Timestamp: LosslessStringConvertible {
    /// Reads RFC 3339 with any fraction and offset; nil when the text is not such a time.
    public init?(_ description: String) {
        var reader = TimestampReader(description)
        guard let moment = reader.read() else { return nil }
        self = moment
    }
}

extension Timestamp: Codable {
    /// Reads the RFC 3339 form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let moment = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "\"\(text)\" is not an RFC 3339 time"
            )
        }
        self = moment
    }

    /// Writes the RFC 3339 form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A date and time of day in the proleptic Gregorian calendar, UTC.
package struct CivilDate {
    package var year: Int
    package var month: Int
    package var day: Int
    package var hour: Int
    package var minute: Int
    package var second: Int

    /// Splits seconds since the epoch into calendar fields.
    package init(secondsSinceEpoch: Int64) {
        var days = Int(secondsSinceEpoch / 86_400)
        var rest = Int(secondsSinceEpoch % 86_400)
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        // Days are counted from 0000-03-01, so that the leap day is the last of its year.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        hour = rest / 3600
        minute = rest % 3600 / 60
        second = rest % 60
    }

    /// Days from the epoch to a date.
    package static func days(year: Int, month: Int, day: Int) -> Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// A number with leading zeros.
    package func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// Reads one RFC 3339 text from left to right.
private struct TimestampReader {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = Substring(text).utf8
    }

    mutating func read() -> Timestamp? {
        guard let year = digits(4), take("-"), let month = digits(2), take("-"), let day = digits(2),
            take("T") || take("t"),
            let hour = digits(2), take(":"), let minute = digits(2), take(":"), let second = digits(2),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60,
            let nanoseconds = fraction(), let offset = offset(), rest.isEmpty
        else { return nil }
        let days = CivilDate.days(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        return Timestamp(seconds: Int64(seconds), nanoseconds: Int32(nanoseconds))
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let first = rest.first, UInt32(first) == character.value else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func digit() -> Int? {
        guard let first = rest.first, (48...57).contains(first) else { return nil }
        rest.removeFirst()
        return Int(first) - 48
    }

    private mutating func digits(_ count: Int) -> Int? {
        var number = 0
        for _ in 0..<count {
            guard let next = digit() else { return nil }
            number = number * 10 + next
        }
        return number
    }

    private mutating func fraction() -> Int? {
        guard take(".") else { return 0 }
        var number = 0
        var scale = 100_000_000
        guard let first = digit() else { return nil }
        number = first * scale
        while let next = digit() {
            scale /= 10
            number += next * scale
        }
        return number
    }

    private mutating func offset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let sign: Int
        if take("+") {
            sign = 1
        } else if take("-") {
            sign = -1
        } else {
            return nil
        }
        guard let hours = digits(2), take(":"), let minutes = digits(2), hours < 24, minutes < 60 else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
