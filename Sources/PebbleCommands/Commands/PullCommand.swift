// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleClient

/// `pebble pull`: a file from where the daemon is to this machine.
struct PullCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Retrieve a file from the remote system"
    )

    @Argument
    var remote: String

    @Argument
    var local: String

    func run(in session: Session) throws {
        try LocalFile.write(local) { take in try session.client.readFile(remote, take) }
    }
}
