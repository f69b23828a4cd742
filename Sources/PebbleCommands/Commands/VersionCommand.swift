// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleAPI
import PebbleClient
import PebbleDaemon

/// `pebble version`: of the command and of the daemon.
struct VersionCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Show version details")

    @Flag(name: .customLong("client"))
    var clientOnly = false

    @Option
    var format = OutputFormat.text

    func run(in session: Session) throws {
        let version = DaemonOptions.apiVersion
        if clientOnly {
            session.output.text(
                format == .text ? version + "\n" : try StructuredText.of(["client": version], format)
            )
            return
        }
        let server = Result { () throws(PebbleClientError) in try session.client.systemInfo().version }
        switch (format, server) {
        case (.text, .success(let server)): session.output.text("client  \(version)\nserver  \(server)\n")
        case (.text, .failure(.notReachable)): session.output.text("client  \(version)\nserver  -\n")
        case (_, .success(let server)):
            session.output.text(try StructuredText.of(["client": version, "server": server], format))
        case (_, .failure(let error)):
            if format != .text { session.output.text(try StructuredText.of(["client": version], format)) }
            throw CommandFailure("cannot obtain system details: \(error)")
        }
    }
}
