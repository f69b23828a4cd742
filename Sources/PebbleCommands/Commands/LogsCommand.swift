// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleAPI
import PebbleClient

/// `pebble logs`: what services write.
struct LogsCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "logs", abstract: "Fetch service logs")

    /// How many lines to show.
    struct Count: ExpressibleByArgument {
        /// Nil for all that are kept.
        var lines: Int?

        init(_ lines: Int?) { self.lines = lines }

        init?(argument: String) {
            if argument == "all" {
                lines = nil
            } else if let lines = Int(argument), lines >= 0 {
                self.lines = lines
            } else {
                return nil
            }
        }
    }

    /// How to show a line.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
    }

    @Flag(name: .shortAndLong, help: "Follow (tail) logs for given services until Ctrl-C is pressed.")
    var follow = false

    @Option(help: "Output format: text or json.")
    var format = Format.text

    @Option(name: .customShort("n"), help: "Number of logs to show (before following); 'all' for all.")
    var count = Count(30)

    @Argument(help: "Which services; all when none is given.")
    var names: [String] = []

    func run(in session: Session) throws {
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
