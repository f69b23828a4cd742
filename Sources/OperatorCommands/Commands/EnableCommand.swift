// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import OneMachine

/// Starts Indico at boot.
struct EnableCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "Has systemd bring Indico up at boot.",
        discussion: """
            Nothing is started or stopped now. What runs already goes on; from the next 'up' or boot on, systemd keeps it.

            EXAMPLE:
              indico-operator enable
            """
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let state = try global.installation()
        let lock = try StateLock(state, holding: "enable")
        let unit = try SystemdUnit.chosen(state: state, userID: geteuid(), environment: global.environment)
        try unit.enable()
        let output = FileDescriptorOutput.standardOutput
        output.write("Indico starts at boot by \(unit.path).\n")
        if !unit.isSystemWide {
            output.write("That is when you log in; 'loginctl enable-linger' makes it the machine's boot.\n")
        }
        _ = consume lock
    }
}
