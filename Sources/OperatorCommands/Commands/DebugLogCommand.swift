// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import OneMachine
import UnitAgent

/// Shows what the charm and its agent said.
struct DebugLogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "debug-log",
        abstract: "Shows what the charm and the agent said.",
        discussion: """
            EXAMPLE:
              indico-operator debug-log -n 100
              indico-operator debug-log -f
            """
    )

    @OptionGroup var global: GlobalOptions

    @Flag(name: [.short, .long], help: "Go on with new lines until Ctrl-C.")
    var follow = false

    @Option(name: .short, help: ArgumentHelp("How many of the last lines to begin with.", valueName: "number"))
    var number = 30

    func validate() throws {
        if number < 0 { throw ValidationError("-n is negative.") }
    }

    func run() throws {
        try global.agent().debugLog(lines: number, follow: follow) { line in
            FileDescriptorOutput.standardOutput.write(line + "\n")
            return true
        }
    }
}
