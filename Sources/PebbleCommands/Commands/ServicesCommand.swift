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

    @Option
    var format = OutputFormat.text

    @Argument
    var names: [String] = []

    func run(in session: Session) throws {
        let services = try session.client.services(names)
        if format != .text {
            let byName = Dictionary(services.map { ($0.name, $0) }) { first, _ in first }
            session.output.text(try StructuredText.of(["services": byName], format))
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
}
