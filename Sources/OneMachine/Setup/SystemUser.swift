// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// The account that the workload runs as: of our making when root asks, the asking user otherwise.
package enum SystemUser {
    /// Finds the account, and makes it where it is missing.
    package static func ensure(for state: StateDirectory) throws -> Account {
        guard geteuid() == 0 else { return try Account.current() }
        if let account = Account.named(Account.systemName) { return account }
        let command = SetupCommand(
            "/usr/sbin/useradd",
            [
                "--system", "--user-group", "--no-create-home", "--home-dir", state.path, "--shell",
                "/usr/sbin/nologin",
                Account.systemName,
            ]
        )
        let outcome = try command.run()
        guard outcome.succeeded, let account = Account.named(Account.systemName) else {
            throw OperatorError(
                "the system user \(Account.systemName) cannot be made",
                remedy:
                    "Make it by hand with 'useradd --system --user-group \(Account.systemName)', then run this again.",
                evidence: outcome.lastLines
            )
        }
        return account
    }
}
