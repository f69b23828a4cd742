// SPDX-License-Identifier: Apache-2.0

public import CharmKit
public import Logging

/// Brings swift-log to a charm's log in the model.
///
/// Trace and debug lines go to standard output, which the agent logs at debug level by itself: no process is started
/// for them. Info and notice lines are gathered and sent as one call; warnings and worse are sent at once. In an action
/// standard output is a result, so there every line goes by `juju-log`. See ``CharmKit/Log``.
///
/// ## Usage
///
/// ```swift
/// // A logger of the charm's own:
/// let log = model.logger(label: "schema")
/// log.debug("looking at it", metadata: ["version": "3"])
///
/// // Or all of the libraries' loggers as well, once in a process:
/// LoggingSystem.bootstrap(model.logHandler)
/// ```
public struct CharmLogHandler: LogHandler {
    /// What the log is about; shown before each line.
    public let label: String
    /// The least important level that is logged; debug unless set.
    public var logLevel = Logger.Level.debug
    /// What every line of this logger carries.
    public var metadata: Logger.Metadata = [:]
    /// What every line gets at the moment it is logged.
    public var metadataProvider: Logger.MetadataProvider?

    private let sink: LogSink

    init(label: String, sink: LogSink) {
        self.label = label
        self.sink = sink
    }

    /// Reads or changes one value of ``metadata``.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Logs a line.
    public func log(event: LogEvent) {
        var values = metadata
        if let provided = metadataProvider?.get() { values.merge(provided) { $1 } }
        if let given = event.metadata { values.merge(given) { $1 } }
        let tail = values.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let cause = event.error.map { ": \($0)" } ?? ""
        sink.take(Log.Line(level: LogLevel(event.level), text: "\(label): \(event.message)\(tail)\(cause)"))
    }
}

extension LogLevel {
    /// The level as Juju knows it: notice counts as info, critical as error.
    init(_ level: Logger.Level) {
        self =
            switch level {
            case .trace: .trace
            case .debug: .debug
            case .info, .notice: .info
            case .warning: .warning
            case .error, .critical: .error
            }
    }
}

extension Model {
    /// Makes a logger that writes to the charm's log in the model.
    ///
    /// - Parameter label: What it logs about.
    /// - Returns: The logger; it may be used on any thread, for as long as the dispatch lasts.
    public func logger(label: String) -> Logger {
        Logger(label: label, factory: logHandler)
    }

    /// Makes the handlers of loggers, for `LoggingSystem.bootstrap`.
    public var logHandler: @Sendable (_ label: String) -> any LogHandler {
        let sink = log.sink
        return { CharmLogHandler(label: $0, sink: sink) }
    }
}
