// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

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
        let accounts = Accounts()
        return accounts.user(named: name).map { make($0, accounts) }
    }

    /// The account of this process.
    package static func current() throws(OperatorError) -> Account {
        let accounts = Accounts()
        guard let user = accounts.user(id: geteuid()) else {
            throw OperatorError(
                "user id \(geteuid()) has no name on this machine",
                remedy:
                    "PostgreSQL and Celery refuse to run as a user without an entry in /etc/passwd. Use one that has it."
            )
        }
        return make(user, accounts)
    }

    private static func make(_ user: UserAccount, _ accounts: Accounts) -> Account {
        let group = accounts.group(id: user.groupID)?.name ?? String(user.groupID)
        return Account(name: user.name, userID: user.userID, group: group, groupID: user.groupID)
    }
}
