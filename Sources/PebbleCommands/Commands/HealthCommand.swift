// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleAPI
import PebbleClient

/// `pebble health`: whether all is well, as exit code too.
struct HealthCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Query health of checks"
    )

    @Option
    var level: CheckLevel?

    @Option
    var format = OutputFormat.text

    @Argument
    var names: [String] = []

    func run(in session: Session) throws {
        let healthy = try session.client.isHealthy(level: level, names: names)
        if format != .text {
            session.output.text(try StructuredText.of(["healthy": healthy], format))
        } else {
            session.output.line(healthy ? "healthy" : "unhealthy")
            if !healthy { throw ExitStatus(code: 1) }
        }
    }
}
