// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleClient

/// `pebble start`: the named services.
struct StartCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start a service and its dependencies"
    )

    @OptionGroup var wait: WaitOptions

    @Argument
    var names: [String]

    func run(in session: Session) throws {
        try wait.follow(session.client.begin(.start, names), session)
    }
}
