// SPDX-License-Identifier: Apache-2.0
import Glibc
import PebbleAPI

/// Writes times the way people say them.
struct HumanTime {
    /// Whether to write RFC 3339 instead.
    let isAbsolute: Bool
    /// What counts as today.
    let now: Timestamp

    init(isAbsolute: Bool, now: Timestamp = .now()) {
        self.isAbsolute = isAbsolute
        self.now = now
    }

    /// The words for a time; a dash for none.
    func text(_ time: Timestamp?) -> String {
        guard let time else { return "-" }
        if isAbsolute { return Timestamp(seconds: time.seconds).description }
        let local = Self.local(time)
        let days = Self.dayNumber(local) - Self.dayNumber(Self.local(now))
        let clock = "\(Self.two(local.tm_hour)):\(Self.two(local.tm_min)) \(Self.zone(local))"
        switch days {
        case -60 ..< -1: return "\(-days) days ago, at \(clock)"
        case -1: return "yesterday at \(clock)"
        case 0: return "today at \(clock)"
        case 1: return "tomorrow at \(clock)"
        case 2...60: return "in \(days) days, at \(clock)"
        default: return "\(Int(local.tm_year) + 1900)-\(Self.two(local.tm_mon + 1))-\(Self.two(local.tm_mday))"
        }
    }

    private static func local(_ time: Timestamp) -> tm {
        var seconds = time_t(time.seconds)
        var fields = tm()
        localtime_r(&seconds, &fields)
        return fields
    }

    private static func dayNumber(_ fields: tm) -> Int {
        CivilDate.days(year: Int(fields.tm_year) + 1900, month: Int(fields.tm_mon) + 1, day: Int(fields.tm_mday))
    }

    private static func zone(_ fields: tm) -> String {
        fields.tm_zone.map { String(cString: $0) } ?? "UTC"
    }

    private static func two(_ number: Int32) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
