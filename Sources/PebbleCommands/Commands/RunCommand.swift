// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import LinuxSupport
import PebbleAPI
import PebbleClient
import PebbleDaemon

/// How a daemon is to run, as `pebble run` and `pebble enter` take it.
struct DaemonFlags: ParsableArguments {
    @Flag(name: .customLong("create-dirs"))
    var createDirectories = false

    @Flag
    var hold = false

    @Option
    var http: String?

    @Option
    var https: String?

    @Flag(name: .shortAndLong)
    var verbose = false

    @Option
    var identities: String?

    /// What to tell the daemon.
    func options(
        _ session: Session,
        serviceArguments: [DaemonOptions.ServiceArguments]
    ) throws -> DaemonOptions {
        var options = DaemonOptions(environment: session.environment)
        options.createsDirectories = createDirectories
        options.holds = hold
        options.httpAddress = http
        options.httpsAddress = https
        options.isVerbose = options.isVerbose || verbose
        options.serviceArguments = serviceArguments
        return options
    }

    /// What to do once the daemon answers; nil for nothing.
    func seeding(_ session: Session) throws -> (@Sendable () throws -> Void)? {
        guard let path = identities, !path.isEmpty else { return nil }
        let identities: [String: IdentityInfo?]
        do {
            identities = try IdentitiesFile.read(path)
        } catch let failure as CommandFailure {
            throw CommandFailure("cannot read identities: \(failure.message)", isOfDaemon: true)
        }
        return { try session.client.changeIdentities(.replace, identities) }
    }
}

/// `pebble run`: the daemon itself.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the service manager environment"
    )

    @OptionGroup var daemon: DaemonFlags

    func run(in session: Session, serviceArguments: [DaemonOptions.ServiceArguments]) async throws -> Int32 {
        let options = try daemon.options(session, serviceArguments: serviceArguments)
        guard let seed = try daemon.seeding(session) else { return await runDaemon(options) }
        return await runDaemon(options) { stop in
            // On a thread of its own, since it waits for the daemon that is calling us.
            do throws(SystemError) {
                try startThread(named: "identities") {
                    do {
                        try seed()
                    } catch {
                        session.output.error("error: cannot seed identities: \(error)\n")
                        stop()
                    }
                }
            } catch {
                session.output.error("error: cannot seed identities: \(error)\n")
                stop()
            }
        }
    }

    /// Whether a command of this name runs a daemon.
    static func beginsDaemon(_ name: String) -> Bool {
        name == configuration.commandName || name == EnterCommand.configuration.commandName
    }

    /// Takes every `--args SERVICE ARGUMENT... ;` out of the words of a `run`, since no flag may stand for another there.
    static func takeServiceArguments(
        _ words: [String]
    ) throws -> (words: [String], arguments: [DaemonOptions.ServiceArguments]) {
        guard let name = words.first, beginsDaemon(name) else { return (words, []) }
        var rest: [String] = []
        var arguments: [DaemonOptions.ServiceArguments] = []
        var index = words.startIndex
        while index < words.endIndex {
            guard words[index] == "--args" else {
                rest.append(words[index])
                index += 1
                continue
            }
            let end = words[index...].firstIndex(of: ";") ?? words.endIndex
            guard index + 1 < end else { throw CommandFailure("--args requires a service name", isOfDaemon: true) }
            let service = words[index + 1]
            if arguments.contains(where: { $0.service == service }) {
                throw CommandFailure("--args provided more than once for \"\(service)\" service", isOfDaemon: true)
            }
            arguments.append(.init(service: service, arguments: Array(words[(index + 2)..<end])))
            index = min(end + 1, words.endIndex)
        }
        return (rest, arguments)
    }
}
