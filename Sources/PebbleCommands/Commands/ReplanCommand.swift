// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleClient

/// `pebble replan`: bring what runs in line with the plan.
struct ReplanCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "replan",
        abstract: "Stop changed services and start startup-enabled services"
    )

    @OptionGroup var wait: WaitOptions

    @Argument var ignored: [String] = []

    func run(in session: Session) throws {
        try wait.follow(session.client.begin(.replan), session)
    }
}
