// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import OneMachine
import UnitAgent

/// Runs an action of the charm.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs an action and waits for it.",
        discussion: """
            add-admin asks for a password on the terminal, or takes the first line of standard input.

            EXAMPLE:
              indico-operator run add-admin email=you@example.com
              indico-operator run anonymize-user email=gone@example.com
              indico-operator run refresh-external-resources
              indico-operator run create-backup
              indico-operator run create-backup --background
              indico-operator run restore-backup backup=2026-01-31T03-00-00Z
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The action; one that is not there is answered with those that are.")
    var action: String

    @Argument(help: "Its parameters, as key=value.")
    var parameters: [String] = []

    @Flag(help: "Do not wait: print the task's number, for show-task and cancel-task.")
    var background = false

    @Option(help: "tabular, json or yaml.")
    var format = OutputFormat.tabular

    func validate() throws {
        if background, SecretParameters.areAsked(of: action) {
            throw ValidationError("'\(action)' asks for a password, which is gone when nobody waits: no --background.")
        }
        for parameter in parameters where !parameter.dropFirst().contains("=") {
            throw ValidationError("'\(parameter)' is not key=value.")
        }
        let names = values.keys
        if let bad = names.first(where: { $0 == "password" }) {
            throw ValidationError(
                "'\(bad)' is never given on the command line, where others can read it: it is asked for."
            )
        }
    }

    private var values: [String: String] {
        var values: [String: String] = [:]
        for parameter in parameters {
            let name = parameter.prefix { $0 != "=" }
            values[String(name)] = String(parameter[name.endIndex...].dropFirst())
        }
        return values
    }

    func run() throws {
        let agent = try global.agent()
        if background {
            let task = try agent.enqueue(action: action, parameters: values)
            return try TaskOutput(format: format).show(task)
        }
        let result = try SecretParameters(agent: agent).completing(values, of: action) { values in
            try agent.run(action: action, parameters: values) { line in
                FileDescriptorOutput.standardError.write(line + "\n")
            }
        }
        try TaskOutput(format: format).show(result)
    }
}
