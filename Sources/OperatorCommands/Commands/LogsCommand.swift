// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import LinuxSupport
import OneMachine
import PebbleAPI
import PebbleClient

/// Shows what services said.
struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Shows what the services said, from all containers.",
        discussion: """
            EXAMPLE:
              indico-operator logs
              indico-operator logs -f indico celery-worker
              indico-operator logs -n 200 postgresql
            """
    )

    @OptionGroup var global: GlobalOptions

    @Flag(name: [.short, .long], help: "Go on with new lines until Ctrl-C.")
    var follow = false

    @Option(name: .short, help: ArgumentHelp("How many of the last lines to begin with.", valueName: "number"))
    var number = 30

    @Argument(help: "Only these services.")
    var services: [String] = []

    func validate() throws {
        if number < 0 { throw ValidationError("-n is negative.") }
    }

    func run() throws {
        _ = try global.installation()
        var known: Set<String> = []
        var clients: [(PebbleClient, [String])] = []
        var failure: PebbleClientError?
        for container in ContainerName.allCases {
            let client = try global.pebble(container)
            do throws(PebbleClientError) {
                let names = try client.services().map(\.name)
                known.formUnion(names)
                let wanted = services.isEmpty ? names : names.filter(services.contains)
                if !wanted.isEmpty { clients.append((client, wanted)) }
            } catch {
                failure = error
            }
        }
        if let unknown = services.first(where: { !known.contains($0) }) {
            if let failure { throw OperatorError("\(failure)", remedy: "'indico-operator up' brings everything up.") }
            throw ValidationError(
                "There is no service \(unknown). There are: \(known.sorted().joined(separator: ", "))."
            )
        }
        guard !clients.isEmpty else {
            throw OperatorError("Indico is not up", remedy: "'indico-operator up' brings it up.")
        }
        try showLast(clients)
        if follow { try followAll(clients) }
    }

    private func showLast(_ clients: [(PebbleClient, [String])]) throws {
        var entries: [LogEntry] = []
        for (client, names) in clients { entries += try client.logs(names, count: number) }
        entries.sort { $0.time < $1.time }
        for entry in entries.suffix(number) { Self.show(entry) }
    }

    private static func show(_ entry: LogEntry) {
        FileDescriptorOutput.standardOutput.write("\(entry.time) [\(entry.service)] \(entry.message)\n")
    }

    /// One thread for each Pebble; it comes back when that Pebble does.
    private func followAll(_ clients: [(PebbleClient, [String])]) throws {
        for (client, names) in clients {
            try startThread(named: "logs") {
                while true {
                    try? client.followLogs(names, count: 0) { entry in
                        Self.show(entry)
                        return true
                    }
                    sleep(1)
                }
            }
        }
        while true { pause() }
    }
}
