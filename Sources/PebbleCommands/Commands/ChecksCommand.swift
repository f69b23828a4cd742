// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleAPI
import PebbleClient

/// `pebble checks`: what they say.
struct ChecksCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "checks",
        abstract: "Query the status of configured health checks"
    )

    @Option
    var level: CheckLevel?

    @Option
    var format = OutputFormat.text

    @Argument
    var names: [String] = []

    func run(in session: Session) throws {
        let checks = try session.client.checks(names, level: level)
        if format != .text {
            let byName = Dictionary(checks.map { ($0.name, CheckLine($0)) }) { first, _ in first }
            session.output.text(try StructuredText.of(["checks": byName], format))
            return
        }
        if checks.isEmpty {
            session.output.error(
                names.isEmpty && level == nil ? "Plan has no health checks.\n" : "No matching health checks.\n"
            )
            return
        }
        var table = Table(["Check", "Level", "Startup", "Status", "Successes", "Failures", "Change"])
        for check in checks {
            table.add([
                check.name, check.level?.rawValue ?? "-", check.startup?.rawValue ?? "-", check.status.rawValue,
                check.changeID == nil ? "-" : check.successes.map(String.init) ?? "-",
                check.changeID == nil ? "-" : "\(check.failures)/\(check.threshold)",
                try change(of: check, session),
            ])
        }
        session.output.text(table.text)
    }

    /// The change that runs a check, with the last error it met.
    private func change(of check: CheckInfo, _ session: Session) throws -> String {
        guard let id = check.changeID else { return "-" }
        guard check.failures > 0 else { return id }
        // The one that took over when the check was found down has no failure of its own yet.
        var line: String?
        for change in [id, check.previousChangeID].compactMap(\.self) where line == nil {
            line = try session.client.change(change).tasks.first?.log.last
        }
        guard let line else { return id }
        let words = line.split(separator: " ", maxSplits: 2)
        let error = words.count == 3 ? String(words[2]) : line
        let shown = error.count > 70 ? error.prefix(67) + "..." : error[...]
        return "\(id) (\(shown))" + (error.count > 70 ? " run \"pebble tasks \(id)\" for more" : "")
    }
}

/// A check as programs get it: also that it has not failed.
struct CheckLine: Encodable {
    private let check: CheckInfo

    enum CodingKeys: String, CodingKey {
        case name
        case level
        case startup
        case status
        case successes
        case failures
        case threshold
        case changeID = "change-id"
        case previousChangeID = "prev-change-id"
    }

    init(_ check: CheckInfo) {
        self.check = check
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(check.name, forKey: .name)
        try container.encodeIfPresent(check.level, forKey: .level)
        try container.encodeIfPresent(check.startup, forKey: .startup)
        try container.encode(check.status, forKey: .status)
        try container.encodeIfPresent(check.successes, forKey: .successes)
        try container.encode(check.failures, forKey: .failures)
        try container.encode(check.threshold, forKey: .threshold)
        try container.encodeIfPresent(check.changeID, forKey: .changeID)
        try container.encodeIfPresent(check.previousChangeID, forKey: .previousChangeID)
    }
}
