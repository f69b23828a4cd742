// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleClient

/// The `pebble` command: finds what is asked for, runs it, and says with an exit code how it went.
package enum CommandLineTool {
    /// Runs one command line.
    ///
    /// - Parameters:
    ///   - arguments: the words after the program's name.
    ///   - environment: the variables of the process.
    ///   - output: where text goes.
    /// - Returns: the exit code.
    package static func run(
        _ arguments: [String],
        environment: [String: String],
        output: Output
    ) async -> Int32 {
        // What follows `exec` belongs to the command it runs, save for a lone plea for help.
        let wantsExecHelp = arguments == ["exec", "--help"] || arguments == ["exec", "-h"]
        let arguments = arguments.isEmpty ? ["help"] : wantsExecHelp ? ["help", "exec"] : arguments
        let session = Session(environment: environment, output: output)
        if arguments.first == "run" { return await run(daemon: arguments, in: session) }
        if let word = arguments.first, !word.hasPrefix("-"), !PebbleCommand.names.contains(word) {
            output.error("error: unknown command \"\(word)\", see 'pebble help'\n")
            return 1
        }
        do {
            let (words, serviceArguments) = try RunCommand.takeServiceArguments(arguments)
            switch try PebbleCommand.parseAsRoot(words) {
            case let command as EnterCommand:
                return try await command.run(in: session, serviceArguments: serviceArguments)
            case let command:
                return perform(command, in: session)
            }
        } catch {
            return report(error, output)
        }
    }

    private static func run(daemon arguments: [String], in session: Session) async -> Int32 {
        do {
            let (words, serviceArguments) = try RunCommand.takeServiceArguments(arguments)
            if let command = RunCommand(plain: words) {
                return try await command.run(in: session, serviceArguments: serviceArguments)
            }
            switch try PebbleCommand.parseAsRoot(words) {
            case let command as RunCommand:
                return try await command.run(in: session, serviceArguments: serviceArguments)
            case let command:
                return perform(command, in: session)
            }
        } catch {
            return report(error, session.output)
        }
    }

    /// Runs a command line that needs no daemon in this process.
    static func runClient(_ arguments: [String], in session: Session) -> Int32 {
        do {
            return perform(try PebbleCommand.parseAsRoot(arguments), in: session)
        } catch {
            return report(error, session.output)
        }
    }

    private static func perform(_ command: any ParsableCommand, in session: Session) -> Int32 {
        do {
            if let command = command as? any SessionCommand {
                try command.run(in: session)
            } else {
                var command = command
                try command.run()
            }
            return 0
        } catch {
            return report(error, session.output)
        }
    }

    /// Says what went wrong on standard error, and gives the exit code for it; help goes to standard output.
    private static func report(_ error: any Error, _ output: Output) -> Int32 {
        switch error {
        case let status as ExitStatus:
            return status.code
        case let error as PebbleClientError:
            output.error("error: \(error)\n")
            return 1
        case let error as CommandFailure:
            output.error("error: \(error.message)\n")
            return 1
        default:
            break
        }
        if PebbleCommand.exitCode(for: error) == .success {
            output.text(PebbleCommand.fullMessage(for: error) + "\n")
            return 0
        }
        let message = PebbleCommand.message(for: error)
        output.error("error: \(message.isEmpty ? "\(error)" : message)\n")
        return 1
    }
}

/// A command that talks to the daemon, or to nobody.
protocol SessionCommand: ParsableCommand {
    func run(in session: Session) throws
}

/// What went wrong with a command, for people.
struct CommandFailure: Error, Equatable {
    var message: String

    init(_ message: String) {
        self.message = message
    }
}

/// An exit code to end with, everything having been said.
struct ExitStatus: Error, Equatable {
    var code: Int32
}

/// The root of the command tree.
struct PebbleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pebble",
        abstract: "Pebble controls services and performs management actions on the system that runs them.",
        subcommands: [
            RunCommand.self, EnterCommand.self, HelpCommand.self, VersionCommand.self, PlanCommand.self,
            AddCommand.self, ServicesCommand.self, StartCommand.self, StopCommand.self, RestartCommand.self,
            ReplanCommand.self, SignalCommand.self, LogsCommand.self, ChecksCommand.self, CheckCommand.self,
            StartChecksCommand.self, StopChecksCommand.self, HealthCommand.self, ChangesCommand.self,
            TasksCommand.self, ExecCommand.self, PushCommand.self, PullCommand.self, MakeDirectoryCommand.self,
            RemoveCommand.self, ListCommand.self, NoticesCommand.self, NoticeCommand.self, NotifyCommand.self,
            OkayCommand.self, WarningsCommand.self, IdentitiesCommand.self, IdentityCommand.self,
            AddIdentitiesCommand.self, UpdateIdentitiesCommand.self, RemoveIdentitiesCommand.self,
        ],
        helpNames: [.short, .long]
    )

    /// The names of the commands, in the order they are told.
    static var names: [String] {
        configuration.subcommands.map { $0._commandName }
    }
}
