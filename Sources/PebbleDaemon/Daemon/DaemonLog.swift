// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore
import PebbleAPI
import Synchronization

/// The daemon's own log: one line each on standard error.
struct DaemonLog: Sendable {
    private let now: @Sendable () -> Timestamp
    private let isDetailed: Bool
    private let sink: @Sendable (String) -> Void
    /// Where lines wait for one another; nil where each is given on at once.
    private let waiting: WaitingLines?

    /// Makes a log that gives whole lines to `sink`, those for debugging only if it `isDetailed`.
    init(
        isDetailed: Bool = false,
        now: @escaping @Sendable () -> Timestamp,
        sink: @escaping @Sendable (String) -> Void
    ) {
        self.isDetailed = isDetailed
        self.now = now
        self.sink = sink
        waiting = nil
    }

    private init(isDetailed: Bool, now: @escaping @Sendable () -> Timestamp, lines: WaitingLines) {
        self.isDetailed = isDetailed
        self.now = now
        sink = { lines.write($0) }
        waiting = lines
    }

    /// Writes a line for whoever looks for a fault.
    func debug(_ message: @autoclosure () -> String) {
        if isDetailed { write("DEBUG \(message())") }
    }

    /// Writes a line, with the time in front.
    func write(_ message: String) {
        sink(line(message))
    }

    /// Writes a line together with those that follow it in the same turn of a loop, on that loop.
    ///
    /// For what happens thousands of times a second, as to write costs more than to answer a request.
    func writeSoon(_ message: String, on loop: any EventLoop) {
        guard let waiting else { return write(message) }
        if waiting.add(line(message)) { loop.execute { waiting.flush() } }
    }

    /// Writes a line of JSON.
    func record(_ event: SecurityEvent) {
        write(event.line(at: now()))
    }

    private func line(_ message: String) -> String {
        var line = now().text(fractionDigits: 3)
        line.reserveCapacity(line.utf8.count + 10 + message.utf8.count)
        line += " [pebble] "
        line += message
        return line
    }

    /// The log on standard error.
    static func standardError(isDetailed: Bool, now: @escaping @Sendable () -> Timestamp) -> DaemonLog {
        DaemonLog(isDetailed: isDetailed, now: now, lines: WaitingLines(descriptor: 2))
    }

    /// A log that nobody reads.
    static func silent(now: @escaping @Sendable () -> Timestamp) -> DaemonLog { DaemonLog(now: now) { _ in } }
}

/// Lines on their way to a descriptor, in the order they came.
private final class WaitingLines: Sendable {
    /// More than that is not let to wait.
    private static let most = 16 << 10

    private let descriptor: Int32
    private let bytes = Mutex<[UInt8]>([])

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Writes a line, and before it those that wait.
    func write(_ line: String) {
        bytes.withLock { bytes in
            Self.append(line, to: &bytes)
            give(&bytes)
        }
    }

    /// Lets a line wait; says whether somebody has to see to it that it is written.
    func add(_ line: String) -> Bool {
        bytes.withLock { bytes in
            let isFirst = bytes.isEmpty
            Self.append(line, to: &bytes)
            guard bytes.count > Self.most else { return isFirst }
            give(&bytes)
            return false
        }
    }

    func flush() {
        bytes.withLock { bytes in give(&bytes) }
    }

    private static func append(_ line: String, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: line.utf8)
        bytes.append(UInt8(ascii: "\n"))
    }

    private func give(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        // One write for whole lines, so that those of several writers do not mix. There is nobody to tell of a failure.
        _ = Glibc.write(descriptor, bytes, bytes.count)
        bytes.removeAll(keepingCapacity: true)
    }
}
