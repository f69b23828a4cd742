// SPDX-License-Identifier: Apache-2.0
import Glibc

/// An account of the machine.
package struct UserAccount: Hashable, Sendable {
    package var name: String
    package var userID: UInt32
    package var groupID: UInt32
    package var home: String
}

/// A group of the machine.
package struct GroupAccount: Hashable, Sendable {
    package var name: String
    package var groupID: UInt32
    package var members: [String]
}

/// The accounts of the machine.
///
/// Read from `/etc/passwd` and `/etc/group` directly: a statically linked glibc cannot load the plug-ins that
/// `getpwnam` wants, and the machines and images this runs on keep their accounts in those files.
package struct Accounts: Sendable {
    private let passwordFile: String
    private let groupFile: String

    package init(passwordFile: String = "/etc/passwd", groupFile: String = "/etc/group") {
        self.passwordFile = passwordFile
        self.groupFile = groupFile
    }

    package func user(named name: String) -> UserAccount? { users().first { $0.name == name } }
    package func user(id: UInt32) -> UserAccount? { users().first { $0.userID == id } }
    package func group(named name: String) -> GroupAccount? { groups().first { $0.name == name } }
    package func group(id: UInt32) -> GroupAccount? { groups().first { $0.groupID == id } }

    /// The ids of the groups a user is in, the main one first.
    package func groupIDs(of user: UserAccount) -> [UInt32] {
        [user.groupID]
            + groups().filter { $0.members.contains(user.name) && $0.groupID != user.groupID }.map(\.groupID)
    }

    private func users() -> [UserAccount] {
        lines(of: passwordFile, fields: 7).compactMap { fields in
            guard let userID = UInt32(fields[2]), let groupID = UInt32(fields[3]) else { return nil }
            return UserAccount(name: fields[0], userID: userID, groupID: groupID, home: fields[5])
        }
    }

    private func groups() -> [GroupAccount] {
        lines(of: groupFile, fields: 4).compactMap { fields in
            guard let groupID = UInt32(fields[2]) else { return nil }
            let members = fields[3].split(separator: ",").map(String.init)
            return GroupAccount(name: fields[0], groupID: groupID, members: members)
        }
    }

    /// A machine without the file has no accounts: images made from scratch do not.
    private func lines(of path: String, fields: Int) -> [[String]] {
        guard let bytes = try? FileBytes.read(path) else { return [] }
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let parts = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            return parts.count >= fields ? parts : nil
        }
    }
}
