// SPDX-License-Identifier: Apache-2.0
import Glibc
import PebbleAPI

/// The daemon's own log: one line each on standard error.
struct DaemonLog: Sendable {
    private let sink: @Sendable (String) -> Void

    init(sink: @escaping @Sendable (String) -> Void) {
        self.sink = sink
    }

    /// Writes a line, with the time in front.
    func write(_ message: String) {
        sink(message)
    }

    /// The log on standard error.
    static func standardError(now: @escaping @Sendable () -> Timestamp) -> DaemonLog {
        DaemonLog { message in
            let line = Array("\(now().text(fractionDigits: 3)) [pebble] \(message)\n".utf8)
            // One write per line, so that lines of several writers do not mix. There is nobody to tell of a failure.
            _ = Glibc.write(2, line, line.count)
        }
    }

    /// A log that nobody reads.
    static let silent = DaemonLog { _ in }
}
