// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleClient

/// `pebble stop-checks`: the named checks.
struct StopChecksCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop-checks",
        abstract: "Stop one or more checks"
    )

    @Argument
    var names: [String]

    func run(in session: Session) throws {
        let changed = try session.client.stopChecks(names)
        session.output.line(
            changed.isEmpty ? "Checks already stopped." : "Checks stopped: \(changed.joined(separator: ", "))"
        )
    }
}
