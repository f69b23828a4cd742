// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
import Glibc
import OneMachine
import UnitAgent

/// The command `indico-operator`.
package struct IndicoOperator: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "indico-operator",
        abstract: "Runs Indico on this machine, supervised and observable.",
        discussion: """
            The words are Juju's: a charm operates the application 'indico', whose only unit is 'indico/0', in two \
            containers, 'indico' and 'indico-nginx'.

            EXAMPLE:
              indico-operator up
              indico-operator run add-admin email=you@example.com
              indico-operator status --watch

            Exit codes: 0 done, 1 failed, 2 used wrongly, 130 ended by Ctrl-C.

            Completion for bash, zsh or fish:
              source <(indico-operator --generate-completion-script bash)
            """,
        version: OperatorVersion.text,
        // `agent` is not for people: the supervisor starts it.
        subcommands: [
            VersionCommand.self, AgentCommand.self, UnitAgentCommand.self, PodControllerCommand.self,
        ],
        groupedSubcommands: [
            CommandGroup(
                name: "Lifecycle",
                subcommands: [
                    UpCommand.self, DownCommand.self, EnableCommand.self, DisableCommand.self, DestroyCommand.self,
                ]
            ),
            CommandGroup(
                name: "Operation",
                subcommands: [
                    ConfigCommand.self, IntegrateCommand.self, RemoveRelationCommand.self, TLSCommand.self,
                    RunCommand.self, CancelTaskCommand.self, ResolvedCommand.self, TriggerCommand.self,
                    RefreshCommand.self,
                    AttachResourceCommand.self, AddStorageCommand.self, DetachStorageCommand.self,
                    AddUnitCommand.self, RemoveUnitCommand.self,
                ]
            ),
            CommandGroup(
                name: "Inspection",
                subcommands: [
                    StatusCommand.self, ShowTaskCommand.self, TopCommand.self, StorageCommand.self, LogsCommand.self,
                    DebugLogCommand.self,
                    DebugHooksCommand.self, ExecCommand.self,
                ]
            ),
        ]
    )

    package init() {}

    /// Parses, runs and ends the process with the right code.
    package static func runAndExit() async -> Never {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Glibc.exit(Outcome.done.rawValue)
        } catch {
            let (outcome, text) = Outcome.of(error)
            let output = outcome == .done ? FileDescriptorOutput.standardOutput : .standardError
            if !text.isEmpty { output.write(text + "\n") }
            Glibc.exit(outcome.rawValue)
        }
    }
}

/// How a command ended, as its exit code says it.
package enum Outcome: Int32, Sendable {
    case done = 0
    case failed = 1
    case usedWrongly = 2

    /// What to exit with and what to print.
    package static func of(_ error: any Error) -> (Outcome, String) {
        switch error {
        case let failure as ControlFailure:
            let isMisuse = failure.code == .notFound || failure.code == .invalid
            return (isMisuse ? .usedWrongly : .failed, explain(failure))
        case let error as OperatorError:
            return (.failed, error.description)
        case let error as QuietFailure:
            return (error.outcome, "")
        default:
            let full = IndicoOperator.fullMessage(for: error)
            let text = full.hasPrefix("Error: ") ? "error: " + full.dropFirst(7) : full
            switch IndicoOperator.exitCode(for: error) {
            case .success: return (.done, text)
            case .validationFailure: return (.usedWrongly, text)
            default: return (.failed, text)
            }
        }
    }

    private static func explain(_ failure: ControlFailure) -> String {
        guard failure.code == .unreachable else { return "error: \(failure.message)" }
        return OperatorError("Indico is not up: \(failure.message)", remedy: "'indico-operator up' brings it up.")
            .description
    }
}

/// A failure of which everything has been said already.
struct QuietFailure: Error {
    var outcome: Outcome
}
