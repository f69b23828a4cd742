// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import Synchronization

/// The debug log of the unit: a file in the shape of Juju's, rotated by size, that can be followed.
final class DebugLog: Sendable {
    private struct State {
        var descriptor: Int32
        var size: Int
        /// The last lines, for followers and short tails.
        var recent: [String]
        /// The number of the line after the last.
        var next: Int
    }

    private let path: String
    private let entity: String
    private let limit: Int
    private let now: @Sendable () -> Timestamp
    private let state: Mutex<State>
    /// Changes with every line.
    let changes = ChangeSignal()

    private static let recentLines = 2000

    /// Opens the log at `path`; at `limit` bytes the file is put aside, of which one is kept.
    init(
        path: String,
        unit: String,
        limit: Int = 16 << 20,
        now: @escaping @Sendable () -> Timestamp
    ) throws(SystemError) {
        self.path = path
        self.limit = limit
        self.now = now
        entity = "unit-" + unit.replacing("/", with: "-")
        let descriptor = try Self.open(path)
        let bytes = (try? FileBytes.read(path)) ?? []
        let recent = Self.lastLines(bytes, Self.recentLines)
        state = Mutex(State(descriptor: descriptor, size: bytes.count, recent: recent, next: recent.count))
    }

    deinit { close(state.withLock { $0.descriptor }) }

    /// Writes a record.
    func write(_ level: LogLevel, _ logger: String, _ message: String) {
        let line = "\(entity): \(clockTime(now())) \(level.rawValue) \(logger) \(message)"
        state.withLock { state in
            var bytes = Array(line.utf8)
            bytes.append(10)
            // A log that cannot be written must not stop the unit; followers still see the line.
            if (try? FileBytes.write(bytes, to: state.descriptor, named: path)) != nil { state.size += bytes.count }
            if state.size > limit { rotate(&state) }
            let lines = line.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
            state.recent += lines
            state.next += lines.count
            if state.recent.count > 2 * Self.recentLines {
                state.recent.removeFirst(state.recent.count - Self.recentLines)
            }
        }
        changes.signal()
    }

    /// The last lines, and where to go on.
    func tail(_ count: Int) -> (lines: [String], next: Int) {
        state.withLock { state in
            if count <= state.recent.count { return (Array(state.recent.suffix(count)), state.next) }
            let former = (try? FileBytes.read(path + ".1")) ?? []
            let current = (try? FileBytes.read(path)) ?? []
            return (Self.lastLines(former + current, count), state.next)
        }
    }

    /// The lines from number `first` on that are still at hand, and where to go on.
    func lines(from first: Int) -> (lines: [String], next: Int) {
        state.withLock { state in
            let missing = max(0, state.next - first)
            return (Array(state.recent.suffix(missing)), state.next)
        }
    }

    private func rotate(_ state: inout State) {
        guard rename(path, path + ".1") == 0, let fresh = try? Self.open(path) else { return }
        close(state.descriptor)
        state.descriptor = fresh
        state.size = 0
    }

    private static func open(_ path: String) throws(SystemError) -> Int32 {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .last("open \(path)") }
        return descriptor
    }

    private static func lastLines(_ bytes: [UInt8], _ count: Int) -> [String] {
        bytes.split(separator: 10).suffix(count).map { String(decoding: $0, as: UTF8.self) }
    }

    private func clockTime(_ time: Timestamp) -> String {
        let date = CivilDate(secondsSinceEpoch: time.seconds)
        return "\(date.padded(date.hour, 2)):\(date.padded(date.minute, 2)):\(date.padded(date.second, 2))"
    }
}
