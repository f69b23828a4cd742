// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import OneMachine
import Pods

/// Stops everything.
struct DownCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Stops everything; the data stay.",
        discussion: """
            EXAMPLE:
              indico-operator down
            """
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let environment = global.environment
        let terminal = Terminal.standardOutput(environment: environment)
        let output = FileDescriptorOutput.standardOutput
        let screen = StepScreen(offset: 0, total: 1, look: terminal.look, isTerminal: terminal.isTerminal) {
            output.write($0)
        }
        if terminal.isTerminal { CursorGuard.installForSteps() }
        let state = try global.installation()
        if PodLayout(state).isUsed {
            return try PodsDown(state: state, environment: environment).run(screen: screen)
        }
        try Down(state: state, environment: environment).run(screen: screen)
    }
}
