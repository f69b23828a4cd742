// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleAPI
import PebbleClient

/// `pebble services`: what they are doing.
struct ServicesCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "services",
        abstract: "Query the status of configured services"
    )

    @OptionGroup var time: TimeOptions

    @Option(help: "Output format: text, json or yaml.")
    var format = OutputFormat.text

    @Argument(help: "Which services; all when none is given.")
    var names: [String] = []

    func run(in session: Session) throws {
        let services = try session.client.services(names)
        if format != .text {
            let byName = Dictionary(services.map { ($0.name, $0) }) { first, _ in first }
            session.output.text(try StructuredText.of(["services": byName.mapValues(ServiceLine.init)], format))
            return
        }
        if services.isEmpty {
            session.output.error(names.isEmpty ? "Plan has no services.\n" : "No matching services.\n")
            return
        }
        var table = Table(["Service", "Startup", "Current", "Since"])
        for service in services {
            table.add([
                service.name, service.startup.rawValue, service.current.rawValue, time.human.text(service.currentSince),
            ])
        }
        session.output.text(table.text)
    }

    /// A service under its name, which it therefore does not repeat.
    private struct ServiceLine: Encodable {
        var startup: ServiceStartup
        var current: ServiceStatus
        var since: Timestamp?

        enum CodingKeys: String, CodingKey {
            case startup
            case current
            case since = "current-since"
        }

        init(_ service: ServiceInfo) {
            startup = service.startup
            current = service.current
            since = service.currentSince
        }
    }
}
