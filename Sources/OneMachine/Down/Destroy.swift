// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// Removes the installation and nothing else.
package struct Destroy: Sendable {
    /// The application on this machine.
    package static let applicationName = "indico"

    private let state: StateDirectory
    private let environment: [String: String]

    package init(state: StateDirectory, environment: [String: String]) {
        self.state = state
        self.environment = environment
    }

    package func run(screen: StepScreen) throws {
        guard let marker = try StateMarker.read(from: state) else {
            throw OperatorError("\(state.path) is not an installation of ours", remedy: "Nothing was deleted.")
        }
        let lock = try StateLock(state, holding: "destroy")
        try Down(state: state, environment: environment).stop(screen: screen)
        try screen.step("Deleting") { meter in
            let unit = try SystemdUnit.chosen(state: state, userID: geteuid(), environment: environment)
            if unit.isEnabled { try unit.disable() }
            ShellCommand.unlink(state: state, environment: environment)
            try deleteFiles(meter)
            if marker.madeSystemUser { try deleteUser() }
            return state.path
        }
        _ = consume lock
    }

    /// The mark goes last: whatever interrupts this, the next `destroy` still knows the directory as ours.
    private func deleteFiles(_ meter: StepMeter) throws {
        let marker = state.marker.split(separator: "/").last.map(String.init)
        for name in try FileStore.names(in: state.path) where name != marker {
            meter.update(name)
            try DirectoryRemoval.remove(state.path + "/" + name)
        }
        try DirectoryRemoval.remove(state.path)
    }

    private func deleteUser() throws {
        guard geteuid() == 0, Account.named(Account.systemName) != nil else { return }
        let outcome = try SetupCommand("/usr/sbin/userdel", [Account.systemName]).run()
        guard outcome.succeeded else {
            throw OperatorError("the user \(Account.systemName) cannot be removed", evidence: outcome.lastLines)
        }
    }
}
