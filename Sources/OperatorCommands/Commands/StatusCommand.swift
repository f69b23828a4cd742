// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import OneMachine
import PebbleAPI
import Pods
import UnitAgent

/// Shows what is.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows the application, its unit, containers, services, checks and relations.",
        discussion: """
            Ctrl-C ends --watch, with exit code 130.

            EXAMPLE:
              indico-operator status
              indico-operator status --watch
              indico-operator status --format json
            """
    )

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Go on showing it, every second, until Ctrl-C.")
    var watch = false

    @Option(help: "tabular, json or yaml.")
    var format = OutputFormat.tabular

    func validate() throws {
        if watch && format != .tabular { throw ValidationError("--watch is for people; leave --format out.") }
    }

    func run() throws {
        let output = FileDescriptorOutput.standardOutput
        let pods = PodLayout(try global.installation())
        guard watch else {
            if pods.isUsed { return output.write(try podStatus(pods)) }
            let report = try report()
            switch format {
            case .json: output.write(try StructuredOutput.json(report))
            case .yaml: output.write(try StructuredOutput.yaml(report))
            case .tabular: output.write(table(report).map { $0 + "\n" }.joined())
            }
            return
        }
        CursorGuard.install()
        output.write("\u{1B}[2J\u{1B}[?25l")
        while true {
            var text: String
            do {
                let lines = pods.isUsed ? table(try PodStatus.current(pods)) : table(try report())
                text = lines.map { $0 + "\u{1B}[K\n" }.joined()
            } catch {
                text = Outcome.of(error).1.replacing("\n", with: "\u{1B}[K\n") + "\u{1B}[K\n"
            }
            // Drawn over what was there, and only then is the rest cleared: nothing flickers.
            output.write("\u{1B}[H" + text + "\u{1B}[J")
            sleep(1)
        }
    }

    private func podStatus(_ pods: PodLayout) throws -> String {
        let status = try PodStatus.current(pods)
        switch format {
        case .json: return try StructuredOutput.json(status)
        case .yaml: return try StructuredOutput.yaml(status)
        case .tabular: return table(status).map { $0 + "\n" }.joined()
        }
    }

    private func table(_ status: PodStatus) -> [String] {
        PodStatusTable(status: status, look: Terminal.standardOutput(environment: global.environment).look).lines
    }

    private func table(_ report: StatusReport) -> [String] {
        let terminal = Terminal.standardOutput(environment: global.environment)
        return StatusTable(report: report, look: terminal.look, now: .now()).lines
    }

    private func report() throws -> StatusReport {
        let state = try global.installation()
        let snapshot = try global.agent().status()
        let names = snapshot.containers.map(\.name) + [ContainerName.local.rawValue]
        let containers = try names.map { name in
            guard let container = ContainerName(rawValue: name) else {
                return StatusReport.Container(name: name, reachable: false, services: [], checks: [])
            }
            return StatusReport.container(name, client: try global.pebble(container))
        }
        return StatusReport(snapshot, containers: containers, url: SiteAddress.read(state: state))
    }
}
