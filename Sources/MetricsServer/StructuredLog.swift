// SPDX-License-Identifier: Apache-2.0
import Glibc
package import Logging

/// One line for each message, as exporters of Prometheus write them: `logfmt`, or an object of JSON.
package struct StructuredLog: LogHandler {
    /// How lines are written.
    package enum Format: String, Sendable, CaseIterable {
        /// `time=… level=INFO msg="…" key=value`.
        case logfmt
        /// `{"time":"…","level":"INFO","msg":"…","key":"value"}`.
        case json
    }

    /// The lowest level that is written.
    package var logLevel: Logger.Level
    /// What each line says besides.
    package var metadata: Logger.Metadata = [:]
    private let format: Format
    private let write: @Sendable (String) -> Void

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - format: How lines are written.
    ///   - level: The lowest level that is written.
    ///   - write: Takes each line, with its end.
    package init(
        _ format: Format,
        level: Logger.Level,
        write: @escaping @Sendable (String) -> Void = StructuredLog.standardError
    ) {
        self.format = format
        logLevel = level
        self.write = write
    }

    /// Writes a line to standard error; one that cannot be written is lost.
    package static let standardError: @Sendable (String) -> Void = { line in
        var line = line
        line.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let extra = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let fields =
            [("time", Self.time(now)), ("level", Self.word(event.level)), ("msg", "\(event.message)")]
            + extra.map { ($0.key, "\($0.value)") }
        write(Self.line(fields, format))
    }

    /// Writes fields as one line.
    static func line(_ fields: [(String, String)], _ format: Format) -> String {
        switch format {
        case .logfmt: fields.map { "\($0)=\(value($1))" }.joined(separator: " ") + "\n"
        case .json: "{" + fields.map { "\(quoted($0)):\(quoted($1))" }.joined(separator: ",") + "}\n"
        }
    }

    private static func value(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { $0 > " " && $0 != "\"" && $0 != "=" && $0 != "\u{7F}" }
        return isPlain && !text.isEmpty ? text : quoted(text)
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..<" ", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func word(_ level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "DEBUG"
        case .info, .notice: "INFO"
        case .warning: "WARN"
        case .error, .critical: "ERROR"
        }
    }

    private static func time(_ time: timespec) -> String {
        var seconds = time.tv_sec
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func digits(_ number: some BinaryInteger, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        return "\(digits(parts.tm_year + 1900, 4))-\(digits(parts.tm_mon + 1, 2))-\(digits(parts.tm_mday, 2))"
            + "T\(digits(parts.tm_hour, 2)):\(digits(parts.tm_min, 2)):\(digits(parts.tm_sec, 2))"
            + ".\(digits(time.tv_nsec / 1_000_000, 3))Z"
    }
}
