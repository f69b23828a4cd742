// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// A task's `eta` as Python writes it: `2026-01-02T03:04:05.678901+00:00`.
enum EarliestStart {
    /// Reads an `eta` as seconds since 1970, or returns nil; without an offset it is in UTC, as Celery writes it.
    static func read(_ text: String) -> Double? {
        guard let separator = text.firstIndex(of: "T") else { return nil }
        let time = text[separator...]
        let hasZone = time.hasSuffix("Z") || time.contains("+") || time.contains("-")
        let zoned = hasZone ? text : text + "Z"
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: time.contains("."))
        return (try? Date(zoned, strategy: style))?.timeIntervalSince1970
    }
}
