// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import OneMachine

/// Says which versions these are.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Shows the version of the operator and of the Indico it installs.",
        discussion: """
            EXAMPLE:
              indico-operator version
            """
    )

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let output = FileDescriptorOutput.standardOutput
        output.write("operator  \(OperatorVersion.text)\n")
        // That of an installation, or of the one that would be made: the Pythons of this machine tell.
        let choice = try IndicoChoice.find(for: global.state())
        output.write(
            "indico    \(choice.release.version)\npython    \(choice.interpreter.version), \(choice.interpreter.path)\n"
        )
    }
}
