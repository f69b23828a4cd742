// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleAPI
import PebbleClient

/// `pebble check`: one check at length.
struct CheckCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Query the details of a configured health check"
    )

    @Flag
    var refresh = false

    @Option
    var format = OutputFormat.text

    @Argument
    var name: String

    func run(in session: Session) throws {
        var error: String?
        let check: CheckInfo
        if refresh {
            let outcome = try session.client.refreshCheck(name)
            check = outcome.info
            error = outcome.error
        } else {
            guard let found = try session.client.checks([name]).first else {
                throw CommandFailure("cannot find check \"\(name)\"")
            }
            check = found
        }
        var logs: String?
        if check.failures > 0, let id = check.changeID, let task = try session.client.change(id).tasks.first {
            logs = task.log.map { $0 + "\n" }.joined()
            if error == nil { error = Self.reason(task.log.last) }
        }
        let fields: [(String, (any Encodable)?)] = [
            ("name", check.name), ("level", check.level), ("startup", check.startup), ("status", check.status),
            ("successes", check.successes), ("failures", check.failures), ("threshold", check.threshold),
            ("change-id", check.changeID), ("prev-change-id", check.previousChangeID), ("error", error),
            ("logs", logs.flatMap { $0.isEmpty ? nil : $0 }),
        ]
        if format == .json {
            var object: [String: JSONValue] = [:]
            for (name, value) in fields {
                guard let value else { continue }
                object[name] = try WireJSON.decode(JSONValue.self, from: try WireJSON.bytes(of: value))
            }
            session.output.text(try StructuredText.of(object, .json))
        } else {
            session.output.text(try StructuredText.yaml(fields))
        }
    }

    /// The text of a log line without its time and level.
    private static func reason(_ line: String?) -> String? {
        guard let words = line?.split(separator: " ", maxSplits: 2), words.count == 3 else { return nil }
        return String(words[2])
    }
}
