// SPDX-License-Identifier: Apache-2.0

/// The levels of the debug log.
///
/// Raw values are as written in it.
enum LogLevel: String, Sendable {
    case trace = "TRACE"
    case debug = "DEBUG"
    case info = "INFO"
    case warning = "WARNING"
    case error = "ERROR"
    case critical = "CRITICAL"
}
