// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
import MetricsServer
import ProgramVersion

/// The command line of `statsd-exporter`: the flags of prometheus/statsd_exporter.
package struct StatsDExporterCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "statsd-exporter",
        abstract: "Receives StatsD metrics and serves them to Prometheus.",
        discussion: """
            Drop-in for prometheus/statsd_exporter: the same ports, flags, mapping file and metrics.

            Example: statsd-exporter --statsd.mapping-config=mapping.yaml --statsd.listen-udp=127.0.0.1:9125 \
            --statsd.listen-tcp= --web.listen-address=127.0.0.1:9102
            """,
        version: "statsd_exporter, version \(ProgramVersion.text)"
    )

    @OptionGroup(title: "Web") var web: WebOptions
    @OptionGroup(title: "StatsD") var statsd: StatsDOptions

    @Flag(name: .customLong("check-config"), inversion: .prefixedNo, help: "Check the mapping file and exit.")
    var checkConfig = false

    @Option(
        name: .customLong("log.level"),
        help: "Only log messages with this severity or above: debug, info, warn, error."
    )
    var logLevel = LogLevel.info

    @Option(name: .customLong("log.format"), help: "How log messages are written: logfmt or json.")
    var logFormat = StructuredLog.Format.logfmt

    @Option(
        name: .customLong("debug.dump-fsm"),
        help: "Write the tree of the mapping's globs to a file, in Graphviz's language. \"\" writes none."
    )
    var dumpTree = ""

    package init() {}

    /// Reads the process's arguments, runs, and ends the process.
    package static func runFromCommandLine() async {
        await main(separated(Array(CommandLine.arguments.dropFirst())))
    }

    /// Writes `--flag=` as `--flag` and an empty value: how the original's users switch a listener off.
    ///
    /// - Parameter arguments: The arguments as they were given.
    /// - Returns: The arguments as the parser takes them.
    static func separated(_ arguments: [String]) -> [String] {
        arguments.flatMap { argument in
            argument.hasPrefix("--") && argument.hasSuffix("=") ? [String(argument.dropLast()), ""] : [argument]
        }
    }

    package func run() async throws {
        let logger = ExporterProcess.logger("statsd-exporter", level: logLevel.level, format: logFormat)
        let mapping = try MappingLoader.read(statsd.mappingConfig)
        if checkConfig {
            print("configuration is good: \(mapping.rules.count) mappings")
            return
        }
        if !dumpTree.isEmpty { try MappingLoader.dumpTree(of: mapping, to: dumpTree) }
        ExporterProcess.useOneEventLoop()
        let exporter = try await StatsDExporter(statsd: statsd, web: web, mapping: mapping, logger: logger)
        try await exporter.run()
    }
}

extension StructuredLog.Format: ExpressibleByArgument {}
