// SPDX-License-Identifier: Apache-2.0

import Glibc
import HookProtocol

/// How important a log line is.
public enum LogLevel: String, Sendable, Hashable, CaseIterable, Comparable {
    /// Step by step.
    case trace = "TRACE"
    /// For whoever looks for a fault.
    case debug = "DEBUG"
    /// What was done.
    case info = "INFO"
    /// What may be wrong.
    case warning = "WARNING"
    /// What is wrong.
    case error = "ERROR"

    /// Orders by importance.
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .warning: 3
        case .error: 4
        }
    }
}

/// The charm's log in the model.
///
/// Debug lines go to standard output, which the agent logs at debug level by itself, at no cost. In an action
/// standard output is a result, so there they go the dearer way. Lines of level info are gathered and sent as one
/// call per run of lines; a warning or error sends all at once, so that it is there whatever happens next.
public final class Log {
    /// A line that was logged.
    public struct Line: Sendable, Hashable {
        /// Its level.
        public var level: LogLevel
        /// Its text.
        public var text: String

        /// Creates a line.
        public init(level: LogLevel, text: String) {
            self.level = level
            self.text = text
        }
    }

    private let caller: ToolCaller
    private let writeOutput: ((String) -> Void)?
    private var pending: [Line] = []
    /// The same log for other threads.
    package private(set) lazy var sink = makeSink()
    private var hasSink = false

    // `writeOutput` writes a line to standard output; nil in an action.
    init(caller: ToolCaller, writeOutput: ((String) -> Void)?) {
        self.caller = caller
        self.writeOutput = writeOutput
    }

    /// Logs step by step.
    public func trace(_ text: String) { log(.trace, text) }
    /// Logs for whoever looks for a fault.
    public func debug(_ text: String) { log(.debug, text) }
    /// Logs what was done.
    public func info(_ text: String) { log(.info, text) }
    /// Logs what may be wrong.
    public func warning(_ text: String) { log(.warning, text) }
    /// Logs what is wrong.
    public func error(_ text: String) { log(.error, text) }

    private func makeSink() -> LogSink {
        hasSink = true
        return LogSink(self)
    }

    /// Logs a line.
    ///
    /// - Parameters:
    ///   - level: How important it is.
    ///   - text: The line; never put a secret in it.
    public func log(_ level: LogLevel, _ text: String) {
        if hasSink { for line in sink.drain() { take(line.level, line.text) } }
        take(level, text)
    }

    private func take(_ level: LogLevel, _ text: String) {
        if level <= .debug, let writeOutput {
            writeOutput(text)
            return
        }
        pending.append(Line(level: level, text: text))
        if level >= .warning { flush() }
    }

    /// Sends what was gathered.
    ///
    /// A log that cannot be written must not fail the hook; it goes to standard error, which the agent also logs.
    func flush() {
        if hasSink { for line in sink.drain() { take(line.level, line.text) } }
        let lines = pending
        pending = []
        var index = 0
        while index < lines.count {
            let level = lines[index].level
            var text = lines[index].text
            index += 1
            while index < lines.count, lines[index].level == level,
                text.utf8.count + lines[index].text.utf8.count < Self.maximumCallSize
            {
                text += "\n" + lines[index].text
                index += 1
            }
            send(level, text)
        }
    }

    /// The kernel takes at most 128 KiB in one argument; a longer line is cut into calls.
    private static let maximumCallSize = 100_000

    private func send(_ level: LogLevel, _ text: String) {
        var rest = Substring(text)
        repeat {
            let piece = text.utf8.count <= Self.maximumCallSize ? rest : rest.prefix(Self.maximumCallSize / 8)
            rest = rest[piece.endIndex...]
            do throws(HookToolError) {
                try caller.run(.jujuLog, ["--log-level", level.rawValue, "--", String(piece)])
            } catch {
                StandardError.write("\(level.rawValue) \(piece)")
            }
        } while !rest.isEmpty
    }
}

/// The process's standard error, for what cannot be said any other way.
enum StandardError {
    static func write(_ text: String) {
        writeLine(text, to: STDERR_FILENO)
    }
}

/// The process's standard output.
enum StandardOutput {
    static func write(_ text: String) {
        writeLine(text, to: STDOUT_FILENO)
    }
}

private func writeLine(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8) + [UInt8(ascii: "\n")]
    var written = 0
    while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        // Nobody is left to read it, and nobody to tell.
        guard count > 0 else { return }
        written += count
    }
}
