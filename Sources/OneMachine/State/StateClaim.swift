// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// Makes a directory ours, the first time.
package enum StateClaim {
    /// Makes the directory, unless it holds something of somebody else's.
    ///
    /// Says whether it is new.
    @discardableResult
    package static func claim(_ state: StateDirectory) throws -> Bool {
        do {
            let isNew = !FileStore.exists(state.path)
            try FileStore.makeDirectory(state.path, mode: 0o755)
            let names = try FileStore.names(in: state.path)
            guard isNew || FileStore.exists(state.marker) || names.allSatisfy({ $0 == ".lock" }) else {
                throw OperatorError(
                    "\(state.path) holds something that is not ours",
                    remedy: "Give a directory of its own with --state-dir, or empty this one."
                )
            }
            do {
                if try StateMarker.read(from: state) == nil {
                    try StateMarker(path: state.path, madeSystemUser: false).write(to: state)
                }
                try FileStore.makeDirectory(state.logs, mode: 0o700)
            } catch {
                if isNew { release(state) }
                throw error
            }
            return isNew
        } catch let error as SystemError {
            throw explain(error)
        }
    }

    /// Gives a directory up that was claimed a moment ago and in which nothing has been done yet, so that a refusal
    /// leaves nothing behind.
    ///
    /// What is not among the few files of a claim is never removed, and keeps the directory.
    package static func release(_ state: StateDirectory) {
        for path in [state.settings, state.lock, state.marker] { unlink(path) }
        rmdir(state.logs)
        rmdir(state.path)
    }

    private static func explain(_ error: SystemError) -> OperatorError {
        switch error.number {
        case ENOSPC, EDQUOT: OperatorError("the disk is full", remedy: "Make room, then run this again.")
        case EACCES, EPERM, EROFS:
            OperatorError("cannot \(error)", remedy: "Run this as root, or give a directory of yours with --state-dir.")
        default: OperatorError("cannot \(error)", remedy: "Give another directory with --state-dir.")
        }
    }

    /// Makes sure that the workload's account can enter: a home of mode 0700 above would keep it out.
    package static func checkAccess(_ state: StateDirectory, account: Account) throws {
        guard geteuid() == 0 else { return }
        let outcome = try SetupCommand("/usr/bin/test", ["-x", state.path], account: account).run()
        guard outcome.succeeded else {
            throw OperatorError(
                "the account \(account.name) cannot enter \(state.path)",
                remedy:
                    "A directory above is closed to it. Choose another place with --state-dir, such as /srv/indico-operator."
            )
        }
    }
}
