// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleClient

/// `pebble push`: a file of this machine to where the daemon is.
struct PushCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Transfer a file to the remote system"
    )

    @Flag(name: .customShort("p"))
    var makeParents = false

    @OptionGroup var mode: ModeOption
    @OptionGroup var owner: OwnershipOptions

    @Argument
    var local: String

    @Argument
    var remote: String

    func run(in session: Session) throws {
        let permissions = try mode.permissions()
        try LocalFile.read(local) { next in
            try session.client.writeFile(
                remote,
                permissions: permissions,
                ownership: owner.ownership,
                makeParents: makeParents,
                from: next
            )
        }
    }
}
