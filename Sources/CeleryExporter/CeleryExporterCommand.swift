// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
import Glibc
import MetricsServer
import ProgramVersion

/// The command line of `celery-exporter`: the options of danihodovic/celery-exporter.
package struct CeleryExporterCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "celery-exporter",
        abstract: "Listens to Celery's events on a Redis broker and serves them to Prometheus.",
        discussion: """
            Drop-in for danihodovic/celery-exporter on Redis: the same options, environment variables (CE_BROKER_URL \
            and so on), port and metrics. Pickled messages are never opened.

            Example: celery-exporter --broker-url-file=/srv/indico/etc/broker-url --host=127.0.0.1 --retry-interval=5
            """,
        version: "celery-exporter, version \(ProgramVersion.text)"
    )

    @OptionGroup var options: CeleryOptions

    package init() {}

    /// Reads the process's arguments and environment, runs, and ends the process.
    package static func runFromCommandLine() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        await main(EnvironmentArguments.merged(environment(), arguments))
    }

    private static func environment() -> [String: String] {
        var environment: [String: String] = [:]
        var entry = environ
        while let pointer = entry.pointee {
            let text = String(cString: pointer)
            if let equals = text.firstIndex(of: "=") {
                environment[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            entry += 1
        }
        return environment
    }

    package func run() async throws {
        ExporterProcess.useOneEventLoop()
        let exporter = try await CeleryExporter(
            source: try options.source(),
            settings: options.settings,
            address: ListenAddress(host: options.host, port: options.port),
            retryInterval: .seconds(options.retryInterval),
            logger: ExporterProcess.logger("celery-exporter", level: options.logLevel.level)
        )
        try await exporter.run()
    }
}
