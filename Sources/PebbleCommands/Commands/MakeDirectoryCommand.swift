// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleClient

/// `pebble mkdir`: a directory where the daemon is.
struct MakeDirectoryCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "mkdir", abstract: "Create a directory")

    @Flag(name: .customShort("p"))
    var makeParents = false

    @OptionGroup var mode: ModeOption
    @OptionGroup var owner: OwnershipOptions

    @Argument
    var path: String

    func run(in session: Session) throws {
        try session.client.makeDirectory(
            path,
            makeParents: makeParents,
            permissions: mode.permissions(),
            ownership: owner.ownership
        )
    }
}
