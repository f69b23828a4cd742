// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleClient

/// `pebble rm`: a file or directory where the daemon is.
struct RemoveCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove a file or directory")

    @Flag(name: .customShort("r"))
    var recursive = false

    @Argument
    var path: String

    func run(in session: Session) throws {
        try session.client.remove(path, recursive: recursive)
    }
}
