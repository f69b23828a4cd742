// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import OneMachine
import Pods

/// Removes the installation with its data.
struct DestroyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destroy",
        abstract: "Stops Indico and deletes it with all its data.",
        discussion: """
            Asks first: the name of the application has to be typed. External servers keep what they hold; Debian \
            packages stay installed.

            EXAMPLE:
              indico-operator destroy
              indico-operator destroy --yes
            """
    )

    @OptionGroup var global: GlobalOptions

    @Flag(name: [.customLong("yes"), .customShort("y")], help: "Do not ask.")
    var yes = false

    func run() throws {
        let state = try global.installation()
        let output = FileDescriptorOutput.standardOutput
        if !yes { try confirm(state, output) }
        let terminal = Terminal.standardOutput(environment: global.environment)
        let screen = StepScreen(offset: 0, total: 2, look: terminal.look, isTerminal: terminal.isTerminal) {
            output.write($0)
        }
        if terminal.isTerminal { CursorGuard.installForSteps() }
        if PodLayout(state).isUsed {
            return try PodsDown(state: state, environment: global.environment).destroy(screen: screen)
        }
        try Destroy(state: state, environment: global.environment).run(screen: screen)
    }

    private func confirm(_ state: StateDirectory, _ output: FileDescriptorOutput) throws {
        guard isatty(STDIN_FILENO) == 1 else {
            throw ValidationError("There is no terminal to ask at; give --yes if you mean it.")
        }
        output.write(
            """
            This deletes Indico with its database, files and settings:

              \(state.path)

            It cannot be undone. Type the application's name, \(Destroy.applicationName), to go on:\u{20}
            """
        )
        guard readLine(strippingNewline: true) == Destroy.applicationName else {
            throw OperatorError("nothing was deleted")
        }
    }
}
