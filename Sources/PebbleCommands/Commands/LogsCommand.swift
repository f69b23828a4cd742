// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleAPI
import PebbleClient

/// `pebble logs`: what services write.
struct LogsCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "logs", abstract: "Fetch service logs")

    /// How many lines to show.
    struct Count {
        /// Nil for all that are kept.
        var lines: Int?

        init(_ text: String) throws(CommandFailure) {
            switch text {
            case "": lines = 30
            case "all": lines = nil
            default:
                guard let number = Int(text), number >= 0 else {
                    throw CommandFailure("expected n to be a non-negative integer or \"all\", not \"\(text)\"")
                }
                lines = number
            }
        }
    }

    /// How to show a line.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
    }

    @Flag(name: .shortAndLong)
    var follow = false

    @Option
    var format = Format.text

    @Option(name: .customShort("n"))
    var number = ""

    @Argument
    var names: [String] = []

    func run(in session: Session) throws {
        var count = try Count(number)
        // None at all is what was not asked for.
        if count.lines == 0, !follow { count.lines = 30 }
        if follow {
            try session.client.followLogs(names, count: count.lines) { entry in
                session.output.text(try line(entry))
                return true
            }
        } else {
            for entry in try session.client.logs(names, count: count.lines) {
                session.output.text(try line(entry))
            }
        }
    }

    private func line(_ entry: LogEntry) throws -> String {
        switch format {
        case .json: try StructuredText.of(entry, .json)
        case .text: "\(entry.time.text(fractionDigits: 3)) [\(entry.service)] \(entry.message)\n"
        }
    }
}
