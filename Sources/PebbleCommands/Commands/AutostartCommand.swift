// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleClient

/// `pebble autostart`: what starts with the daemon, started now.
struct AutostartCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "autostart")

    @OptionGroup var wait: WaitOptions

    @Argument var ignored: [String] = []

    func run(in session: Session) throws {
        try wait.follow(try session.client.begin(.autostart), session)
    }
}
