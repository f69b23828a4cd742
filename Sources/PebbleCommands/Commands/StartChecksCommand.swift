// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleClient

/// `pebble start-checks`: the named checks.
struct StartChecksCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "start-checks",
        abstract: "Start one or more checks"
    )

    @Argument
    var names: [String]

    func run(in session: Session) throws {
        let changed = try session.client.startChecks(names)
        session.output.line(
            changed.isEmpty ? "Checks already started." : "Checks started: \(changed.joined(separator: ", "))"
        )
    }
}
