// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleAPI
import PebbleClient
import PebbleDaemon

/// `pebble version`: of the command and of the daemon.
struct VersionCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Show version details")

    @Flag(name: .customLong("client"), help: "Only show the client's version.")
    var clientOnly = false

    @Option(help: "Output format: text, json or yaml.")
    var format = OutputFormat.text

    func run(in session: Session) throws {
        let version = DaemonOptions.apiVersion
        if clientOnly {
            session.output.text(
                format == .text ? version + "\n" : try StructuredText.of(["client": version], format)
            )
            return
        }
        var server: String?
        do throws(PebbleClientError) {
            server = try session.client.systemInfo().version
        } catch {
            guard case .notReachable = error else { throw error }
        }
        if format == .text {
            session.output.text("client  \(version)\nserver  \(server ?? "-")\n")
        } else {
            session.output.text(try StructuredText.of(["client": version, "server": server ?? "-"], format))
        }
    }
}
