// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleClient

/// `pebble plan`: the layers combined.
struct PlanCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "plan", abstract: "Show the plan with layers combined")

    func run(in session: Session) throws {
        session.output.text(try session.client.planYAML())
    }
}
