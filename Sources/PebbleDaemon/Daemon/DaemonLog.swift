// SPDX-License-Identifier: Apache-2.0
import Glibc
import PebbleAPI

/// The daemon's own log: one line each on standard error.
struct DaemonLog: Sendable {
    private let now: @Sendable () -> Timestamp
    private let isDetailed: Bool
    private let sink: @Sendable (String) -> Void

    /// Makes a log that gives whole lines to `sink`, those for debugging only if it `isDetailed`.
    init(
        isDetailed: Bool = false,
        now: @escaping @Sendable () -> Timestamp,
        sink: @escaping @Sendable (String) -> Void
    ) {
        self.isDetailed = isDetailed
        self.now = now
        self.sink = sink
    }

    /// Writes a line for whoever looks for a fault.
    func debug(_ message: @autoclosure () -> String) {
        if isDetailed { write("DEBUG \(message())") }
    }

    /// Writes a line, with the time in front.
    func write(_ message: String) {
        sink("\(now().text(fractionDigits: 3)) [pebble] \(message)")
    }

    /// Writes a line of JSON.
    func record(_ event: SecurityEvent) {
        write(event.line(at: now()))
    }

    /// The log on standard error.
    static func standardError(isDetailed: Bool, now: @escaping @Sendable () -> Timestamp) -> DaemonLog {
        DaemonLog(isDetailed: isDetailed, now: now) { line in
            let bytes = Array("\(line)\n".utf8)
            // One write per line, so that lines of several writers do not mix. There is nobody to tell of a failure.
            _ = Glibc.write(2, bytes, bytes.count)
        }
    }

    /// A log that nobody reads.
    static func silent(now: @escaping @Sendable () -> Timestamp) -> DaemonLog { DaemonLog(now: now) { _ in } }
}
