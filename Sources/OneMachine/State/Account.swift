// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The account the workload and the local servers run as.
package struct Account: Hashable, Sendable {
    package var name: String
    package var userID: UInt32
    package var group: String
    package var groupID: UInt32

    package init(name: String, userID: UInt32, group: String, groupID: UInt32) {
        self.name = name
        self.userID = userID
        self.group = group
        self.groupID = groupID
    }

    /// The system user that is made when root runs the operator.
    package static let systemName = "indico-operator"

    /// Looks an account up by name.
    package static func named(_ name: String) -> Account? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16384)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return Account(name: name, userID: entry.pw_uid, group: groupName(entry.pw_gid), groupID: entry.pw_gid)
    }

    /// The account of this process.
    package static func current() throws(OperatorError) -> Account {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16384)
        let userID = geteuid()
        guard getpwuid_r(userID, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            throw OperatorError(
                "user id \(userID) has no name on this machine",
                remedy: "PostgreSQL and Celery refuse to run as a user without an entry in /etc/passwd. Use one that has it."
            )
        }
        return Account(
            name: String(cString: entry.pw_name),
            userID: userID,
            group: groupName(getegid()),
            groupID: getegid()
        )
    }

    private static func groupName(_ groupID: UInt32) -> String {
        var entry = group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var buffer = [CChar](repeating: 0, count: 16384)
        guard getgrgid_r(groupID, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return "\(groupID)" }
        return String(cString: entry.gr_name)
    }
}
