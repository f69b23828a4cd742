// SPDX-License-Identifier: Apache-2.0
package import OneMachine
package import PebbleAPI

/// Draws a report as `juju status` would, with the containers' services and checks below.
package struct StatusTable: Sendable {
    package let report: StatusReport
    package let look: StepLook
    /// To say since when.
    package let now: Timestamp

    package init(report: StatusReport, look: StepLook, now: Timestamp) {
        self.report = report
        self.look = look
        self.now = now
    }

    package var lines: [String] {
        var sections = [application, unit, containers]
        if !checks.rows.isEmpty { sections.append(checks) }
        if !relations.rows.isEmpty { sections.append(relations) }
        var lines: [String] = []
        for section in sections {
            if !lines.isEmpty { lines.append("") }
            let drawn = section.lines(width: look.usesColour ? look.width : nil)
            lines.append(look.coloured("1", drawn.first ?? ""))
            lines += drawn.dropFirst().map(tinted)
        }
        if let failed = report.failedHook { lines += ["", "Failed hook: \(failed)"] }
        if let url = report.application.url { lines += ["", url] }
        return lines
    }

    private var application: TextTable {
        let application = report.application
        return TextTable(
            header: ["App", "Version", "Status", "Charm", "Rev", "Message"],
            rows: [
                [
                    application.name, application.version, application.status, application.charm,
                    application.charmVersion,
                    application.message,
                ]
            ]
        )
    }

    private var unit: TextTable {
        let unit = report.unit
        return TextTable(
            header: ["Unit", "Workload", "Agent", "Address", "Ports", "Message"],
            rows: [
                [
                    unit.name + (unit.leader ? "*" : ""), unit.workload, unit.agent, unit.address,
                    unit.ports.joined(separator: ","), unit.message,
                ]
            ]
        )
    }

    private var containers: TextTable {
        var table = TextTable(header: ["Container", "Service", "Startup", "Current", "Since"])
        for container in report.containers {
            if container.services.isEmpty {
                table.rows.append([container.name, container.reachable ? "-" : "unreachable", "", "", ""])
            }
            for service in container.services {
                table.rows.append([container.name, service.name, service.startup, service.current, age(service.since)])
            }
        }
        return table
    }

    private var checks: TextTable {
        var table = TextTable(header: ["Container", "Check", "Level", "Status", "Failures"])
        for container in report.containers {
            for check in container.checks {
                table.rows.append([
                    container.name, check.name, check.level ?? "-", check.status,
                    "\(check.failures)/\(check.threshold)",
                ])
            }
        }
        return table
    }

    private var relations: TextTable {
        TextTable(
            header: ["Relation", "Provider", "Interface", "State"],
            rows: report.relations.map {
                [
                    "\(report.application.name):\($0.endpoint)", $0.application, $0.interface,
                    $0.peer ? "peer" : $0.state,
                ]
            }
        )
    }

    private func age(_ since: String?) -> String {
        guard let since, let time = Timestamp(since) else { return "-" }
        return Self.age(now - time)
    }

    /// Two units of time, the larger first.
    package static func age(_ duration: Duration) -> String {
        let seconds = max(0, Int(duration.components.seconds))
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3600 { return "\(seconds / 60)m \(seconds % 60)s" }
        if seconds < 86400 { return "\(seconds / 3600)h \(seconds % 3600 / 60)m" }
        return "\(seconds / 86400)d \(seconds % 86400 / 3600)h"
    }

    /// What needs a look stands out; what is fine stays quiet.
    private func tinted(_ line: String) -> String {
        let words = line.split(separator: " ")
        let bad: Set<Substring> = ["error", "blocked", "backoff", "down", "unreachable", "failed"]
        let busy: Set<Substring> = ["maintenance", "waiting", "executing", "allocating"]
        // The status is among the first five columns; a message may hold any word.
        if words.prefix(5).contains(where: bad.contains) { return look.coloured("31", line) }
        if words.prefix(5).contains(where: busy.contains) { return look.coloured("33", line) }
        return line
    }
}
