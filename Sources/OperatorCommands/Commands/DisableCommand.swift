// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import OneMachine

/// Does not start Indico at boot.
struct DisableCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Undoes 'enable'.",
        discussion: """
            What runs goes on running.

            EXAMPLE:
              indico-operator disable
            """
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let state = try global.installation()
        let lock = try StateLock(state, holding: "disable")
        let unit = try SystemdUnit.chosen(state: state, userID: geteuid(), environment: global.environment)
        let output = FileDescriptorOutput.standardOutput
        if unit.isEnabled {
            try unit.disable()
            output.write("Indico does not start at boot any more; \(unit.path) is gone.\n")
        } else {
            output.write("Indico does not start at boot.\n")
        }
        _ = consume lock
    }
}
