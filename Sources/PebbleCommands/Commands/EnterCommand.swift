// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import LinuxSupport
import PebbleDaemon
import Synchronization

/// `pebble enter`: a daemon for the time of one command.
struct EnterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enter",
        abstract: "Run subcommand under a container environment"
    )

    /// What a subcommand means for the daemon.
    private enum Manner {
        /// It needs none.
        case alone
        /// The daemon starts no services, keeps its log to itself, and ends with the subcommand.
        case quietly
        /// The daemon keeps its log to itself, and ends with the subcommand and its exit code.
        case passing
        /// The daemon goes on after it.
        case staying
    }

    @Flag(name: .customLong("run"))
    var startsServices = false

    @OptionGroup var daemon: DaemonFlags

    @Argument(parsing: .captureForPassthrough)
    var subcommand: [String] = []

    func run(in session: Session, serviceArguments: [DaemonOptions.ServiceArguments]) async throws -> Int32 {
        let subcommand = subcommand.first == "--" ? Array(subcommand.dropFirst()) : subcommand
        guard let name = subcommand.first else {
            var run = RunCommand()
            run.daemon = daemon
            return try await run.run(in: session, serviceArguments: serviceArguments)
        }
        // What is wrong with it is said before any daemon is started for it, and so is help.
        let plea = try CommandSyntax.known(name).read(Array(subcommand.dropFirst())).plea
        let manner = plea == nil ? try manner(of: name) : .alone
        if case .alone = manner { return CommandLineTool.runClient(subcommand, in: session) }
        if case .passing = manner, daemon.verbose {
            throw CommandFailure("enter: cannot provide -v/--verbose before \"\(name)\" subcommand")
        }
        var options = try daemon.options(session, serviceArguments: serviceArguments)
        options.holds = options.holds || !startsServices
        switch manner {
        case .quietly:
            options.holds = true
            options.isSilent = true
        case .passing: options.isSilent = true
        case .alone, .staying: break
        }
        let seed = try daemon.seeding(session)
        return await run(subcommand, options, manner, seed, session)
    }

    private func manner(of name: String) throws -> Manner {
        switch name {
        case "help": return .alone
        case "version", "plan", "services", "ls": return .quietly
        case "exec": return .passing
        case "start": return .staying
        case "stop":
            guard startsServices else { throw CommandFailure("enter: must use --run before \"stop\" subcommand") }
            return .staying
        default:
            throw CommandFailure("enter: subcommand \"\(name)\" is not supported")
        }
    }

    /// Runs the daemon, and the subcommand on a thread of its own once the daemon answers.
    private func run(
        _ words: [String],
        _ options: DaemonOptions,
        _ manner: Manner,
        _ seed: (@Sendable () throws -> Void)?,
        _ session: Session
    ) async -> Int32 {
        let outcome = OutcomeBox()
        let code = await runDaemon(options) { stop in
            do throws(SystemError) {
                try startThread(named: "subcommand") {
                    do {
                        try seed?()
                        outcome.set(CommandLineTool.runClient(words, in: session))
                    } catch {
                        session.output.error("error: cannot seed identities: \(error)\n")
                        outcome.set(1)
                    }
                    if case .staying = manner, outcome.code == 0 { return }
                    stop()
                }
            } catch {
                session.output.error("error: \(error)\n")
                outcome.set(1)
                stop()
            }
        }
        return code != 0 ? code : outcome.code ?? 0
    }
}

/// The exit code of a subcommand, once it has one.
private final class OutcomeBox: Sendable {
    private let value = Mutex<Int32?>(nil)

    var code: Int32? { value.withLock { $0 } }

    func set(_ code: Int32) {
        value.withLock { $0 = code }
    }
}
