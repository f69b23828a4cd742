// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// Puts `indico-operator` where a shell finds it, for the installation that needs no `--state-dir`.
package enum ShellCommand {
    /// Where a Debian package of ours has the command.
    private static let packaged = "/usr/bin/indico-operator"

    /// Where the link goes; nil where there is no fitting place on the user's path.
    package static func place(state: StateDirectory, userID: UInt32, environment: [String: String]) -> String? {
        let usual = try? StateDirectory.chosen(
            option: nil,
            environment: environment.filter { $0.key != "INDICO_OPERATOR_STATE_DIR" },
            userID: userID,
            workingDirectory: "/"
        )
        // A Debian package has the command in its own place, and one of our making would hide a newer one.
        guard usual == state, access(packaged, X_OK) != 0 else { return nil }
        let directory = userID == 0 ? "/usr/local/bin" : environment["HOME", default: ""] + "/.local/bin"
        let path = environment["PATH", default: ""].split(separator: ":").map(String.init)
        guard directory.hasPrefix("/"), path.contains(directory) else { return nil }
        return directory + "/indico-operator"
    }

    /// Makes the link, unless something else has the name.
    package static func link(state: StateDirectory, environment: [String: String]) throws {
        guard let place = place(state: state, userID: geteuid(), environment: environment) else { return }
        let target = FileStore.linkTarget(place)
        guard target == nil ? access(place, F_OK) != 0 : target == state.program(.indicoOperator) else { return }
        // Only a convenience: a read-only /usr/local is no reason to fail.
        try? FileStore.link(place, to: state.program(.indicoOperator))
    }

    /// Removes the link if it is ours.
    package static func unlink(state: StateDirectory, environment: [String: String]) {
        guard let place = place(state: state, userID: geteuid(), environment: environment),
            FileStore.linkTarget(place) == state.program(.indicoOperator)
        else { return }
        Glibc.unlink(place)
    }

    /// How the user calls the program with these words from here on.
    package static func line(_ words: String, state: StateDirectory, environment: [String: String]) -> String {
        if let place = place(state: state, userID: geteuid(), environment: environment),
            FileStore.linkTarget(place) == state.program(.indicoOperator)
        {
            return "indico-operator " + words
        }
        let usual = try? StateDirectory.chosen(
            option: nil,
            environment: environment,
            userID: geteuid(),
            workingDirectory: "/"
        )
        if usual == state, access(packaged, X_OK) == 0 { return "indico-operator " + words }
        return "\(state.program(.indicoOperator)) \(words)" + (usual == state ? "" : " --state-dir \(state.path)")
    }
}
