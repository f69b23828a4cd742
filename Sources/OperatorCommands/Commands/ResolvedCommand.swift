// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import OneMachine
import UnitAgent

/// Lets a failed hook go on.
struct ResolvedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolved",
        abstract: "Has a failed hook tried again at once.",
        discussion: """
            It is tried again by itself too, after a growing delay.

            EXAMPLE:
              indico-operator resolved
              indico-operator resolved --no-retry
            """
    )

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Take the hook as done instead.")
    var noRetry = false

    func run() throws {
        try global.agent().resolved(retry: !noRetry)
    }
}
