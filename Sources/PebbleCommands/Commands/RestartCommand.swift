// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleClient

/// `pebble restart`: the named services.
struct RestartCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Restart a service"
    )

    @OptionGroup var wait: WaitOptions

    @Argument
    var names: [String]

    func run(in session: Session) throws {
        try wait.follow(session.client.begin(.restart, names), session)
    }
}
