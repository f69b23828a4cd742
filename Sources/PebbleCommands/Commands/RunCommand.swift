// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleDaemon

/// `pebble run`: the daemon itself.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Run the service manager environment")

    @Flag(name: .customLong("create-dirs"), help: "Create the directory on startup if it doesn't exist.")
    var createDirectories = false

    @Flag(help: "Do not start default services automatically.")
    var hold = false

    @Option(help: "Serve the open endpoints over HTTP on this address, such as :4000.")
    var http: String?

    @Option(help: "Serve the API over HTTPS on this address, such as :8443.")
    var https: String?

    @Flag(name: .shortAndLong, help: "Log all output from services to stdout.")
    var verbose = false

    @Option(help: "Seed identities from this file, like update-identities --replace.")
    var identities: String?

    /// Arguments that take the place of services' default arguments, by service.
    var serviceArguments: [String: [String]] = [:]

    enum CodingKeys: CodingKey {
        case createDirectories
        case hold
        case http
        case https
        case verbose
        case identities
    }

    func run(in session: Session) async -> Int32 {
        var options = DaemonOptions(environment: session.environment)
        options.createsDirectories = createDirectories
        options.holds = hold
        options.httpAddress = http
        options.isVerbose = options.isVerbose || verbose
        options.serviceArguments = serviceArguments.sorted { $0.key < $1.key }.map { service, arguments in
            DaemonOptions.ServiceArguments(service: service, arguments: arguments)
        }
        if https != nil {
            session.output.error("error: this daemon does not serve HTTPS; leave --https out\n")
            return 1
        }
        return await runDaemon(options)
    }

    /// Takes every `--args SERVICE ARGUMENT... ;` out of the words of a `run`, since no flag may stand for another there.
    static func takeServiceArguments(
        _ words: [String]
    ) throws -> (words: [String], arguments: [String: [String]]) {
        guard words.first == "run" else { return (words, [:]) }
        var rest: [String] = []
        var arguments: [String: [String]] = [:]
        var index = words.startIndex
        while index < words.endIndex {
            guard words[index] == "--args" else {
                rest.append(words[index])
                index += 1
                continue
            }
            let end = words[index...].firstIndex(of: ";") ?? words.endIndex
            guard index + 1 < end else { throw CommandFailure("--args requires a service name") }
            let service = words[index + 1]
            if arguments[service] != nil { throw CommandFailure("--args given twice for service \"\(service)\"") }
            arguments[service] = Array(words[(index + 2)..<end])
            index = min(end + 1, words.endIndex)
        }
        return (rest, arguments)
    }
}
