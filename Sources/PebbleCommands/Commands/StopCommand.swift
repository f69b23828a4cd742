// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleClient

/// `pebble stop`: the named services.
struct StopCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Stop a service and its dependents"
    )

    @OptionGroup var wait: WaitOptions

    @Argument
    var names: [String]

    func run(in session: Session) throws {
        try wait.follow(session.client.begin(.stop, names), session)
    }
}
