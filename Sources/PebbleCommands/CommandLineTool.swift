// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import LinuxSupport
import PebbleAPI
import PebbleClient
import PebbleDaemon

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
        let session = Session(environment: environment, output: output)
        do {
            let (words, serviceArguments) = try RunCommand.takeServiceArguments(arguments)
            if let command = RunCommand(plain: words) {
                return try await command.run(in: session, serviceArguments: serviceArguments)
            }
            switch try read(words) {
            case let command as RunCommand:
                return try await command.run(in: session, serviceArguments: serviceArguments)
            case let command as EnterCommand:
                return try await command.run(in: session, serviceArguments: serviceArguments)
            case let command:
                return perform(command, in: session)
            }
        } catch {
            return report(error, output)
        }
    }

    /// Runs one command line, and waits for its end: for the main thread of a program.
    ///
    /// As ``run(_:environment:output:)``, but with no more threads than it takes.
    package static func runToEnd(
        _ arguments: [String],
        environment: [String: String],
        output: Output
    ) -> Int32 {
        guard let name = arguments.first, RunCommand.beginsDaemon(name) else {
            return runClient(arguments, in: Session(environment: environment, output: output))
        }
        do throws(SystemError) {
            return try waitForDaemon { await run(arguments, environment: environment, output: output) }
        } catch {
            return report(error, output)
        }
    }

    /// Finds the command that words are about.
    ///
    /// What is wrong with them is said as the original says it; the parser behind, which makes values of them, gets only
    /// words that leave nothing to guess.
    static func read(_ words: [String]) throws -> any ParsableCommand {
        guard let name = words.first else { return try help() }
        switch name {
        case "-h", "--help": return try help()
        case "--version": return try version()
        default: break
        }
        if name.hasPrefix("-"), name != "-", name != "--" {
            let flag = name.hasPrefix("--") ? name.dropFirst(2).prefix { $0 != "=" } : name.dropFirst().prefix(1)
            throw CommandFailure("unknown flag `\(flag)'")
        }
        let syntax = try CommandSyntax.known(name)
        let found = try syntax.read(Array(words.dropFirst()))
        switch found.plea {
        case .help:
            return try help([name])
        case .version:
            return try version()
        case nil:
            return try PebbleCommand.parseAsRoot([name] + found.plain)
        }
    }

    private static func help(_ names: [String] = []) throws -> any ParsableCommand {
        try PebbleCommand.parseAsRoot(["help"] + names)
    }

    private static func version() throws -> any ParsableCommand {
        try PebbleCommand.parseAsRoot(["version", "--client"])
    }

    /// Runs a command line that needs no daemon in this process.
    static func runClient(_ arguments: [String], in session: Session) -> Int32 {
        do {
            return perform(try read(arguments), in: session)
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

    /// Says what went wrong on standard error, and gives the exit code for it.
    private static func report(_ error: any Error, _ output: Output) -> Int32 {
        switch error {
        case let status as ExitStatus:
            return status.code
        case let error as PebbleClientError:
            // Whoever is not let in may be somebody else in a moment.
            var hint = ""
            if case .refused(_, let result) = error, result.kind == .loginRequired { hint = " (try with sudo)" }
            output.error("error: \(error)\(hint)\n")
            return 1
        case let error as CommandFailure:
            output.error("\(error.isOfDaemon ? "cannot run daemon" : "error"): \(error.message)\n")
            return 1
        default:
            break
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
    /// Whether it keeps a daemon from running.
    var isOfDaemon = false

    init(_ message: String, isOfDaemon: Bool = false) {
        self.message = message
        self.isOfDaemon = isOfDaemon
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
        subcommands: [
            RunCommand.self, EnterCommand.self, HelpCommand.self, VersionCommand.self, PlanCommand.self,
            AddCommand.self, ServicesCommand.self, StartCommand.self, StopCommand.self, RestartCommand.self,
            ReplanCommand.self, SignalCommand.self, LogsCommand.self, ChecksCommand.self, CheckCommand.self,
            StartChecksCommand.self, StopChecksCommand.self, HealthCommand.self, ChangesCommand.self,
            TasksCommand.self, ExecCommand.self, PushCommand.self, PullCommand.self, MakeDirectoryCommand.self,
            RemoveCommand.self, ListCommand.self, NoticesCommand.self, NoticeCommand.self, NotifyCommand.self,
            OkayCommand.self, WarningsCommand.self, IdentitiesCommand.self, IdentityCommand.self,
            AddIdentitiesCommand.self, UpdateIdentitiesCommand.self, RemoveIdentitiesCommand.self,
            AutostartCommand.self,
        ]
    )
}
