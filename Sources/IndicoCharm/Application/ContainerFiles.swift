// SPDX-License-Identifier: Apache-2.0
import CharmKit
import PebbleAPI

/// The files of one container: compares and writes.
struct ContainerFiles {
    let container: Container
    let desired: DesiredContainer

    /// The files whose content is not what it shall be, in the order in which they shall be written.
    func changed() throws -> [DesiredFile] {
        try desired.files.filter { try container.pullIfPresent($0.path) != Array($0.content.utf8) }
    }

    /// Makes the directories that are not there; those that are keep their owner and mode.
    func makeDirectories() throws {
        for path in desired.directories where try container.fileInfo(path) == nil {
            var options = options(0o750)
            options.makeParents = true
            try container.makeDirectory(path, options: options)
        }
    }

    func write(_ file: DesiredFile, to path: String? = nil) throws {
        try container.push(file.content, to: path ?? file.path, options: options(file.permissions))
    }

    func options(_ permissions: UInt16) -> FileOptions {
        FileOptions(permissions: permissions, ownership: desired.account?.ownership ?? Ownership())
    }
}

extension ServiceAccount {
    var ownership: Ownership { Ownership(userID: userID, user: user, groupID: groupID, group: group) }
}
