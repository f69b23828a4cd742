// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleAPI
import PebbleClient

/// `pebble warnings`: what an operator should look at.
struct WarningsCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "warnings", abstract: "List warnings")

    @OptionGroup var time: TimeOptions

    @Option
    var format = OutputFormat.text

    @Flag
    var all = false

    @Flag
    var verbose = false

    @Option
    var unicode = "auto"

    func run(in session: Session) throws {
        let marks = try session.memory.load()
        let warnings = try session.client.notices(types: [.warning], after: all ? nil : marks.warningsLastOkayed)
        if format != .text {
            session.output.text(try StructuredText.of(["warnings": warnings], format))
        } else if warnings.isEmpty {
            session.output.error(all || marks.warningsLastOkayed == nil ? "No warnings.\n" : "No further warnings.\n")
            return
        } else {
            session.output.text(try warnings.map(text).joined(separator: "---\n"))
        }
        if let last = warnings.map(\.lastRepeated).max() {
            try session.memory.update { $0.warningsLastListed = last }
        }
    }

    private func text(_ warning: Notice) throws -> String {
        var fields: [(String, (any Encodable)?)] = [("last-occurrence", time.human.text(warning.lastOccurred))]
        if verbose {
            fields = [
                ("first-occurrence", time.human.text(warning.firstOccurred)),
                ("last-occurrence", time.human.text(warning.lastOccurred)),
                ("acknowledged", "-"),
                ("repeats-after", warning.repeatAfter),
                ("expires-after", warning.expireAfter),
            ]
        }
        fields.append(("warning", warning.key))
        return try StructuredText.yaml(fields)
    }
}
