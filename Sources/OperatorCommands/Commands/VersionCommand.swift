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
        FileDescriptorOutput.standardOutput.write(
            "operator  \(OperatorVersion.text)\nindico    \(IndicoRelease.v329.version)\n"
        )
    }
}
