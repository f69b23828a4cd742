// SPDX-License-Identifier: Apache-2.0
package import OneMachine
package import Pods

/// Draws the pods as `juju status` and `kubectl get pods` would.
package struct PodStatusTable: Sendable {
    package let status: PodStatus
    package let look: StepLook

    package init(status: PodStatus, look: StepLook) {
        self.status = status
        self.look = look
    }

    package var lines: [String] {
        let application = status.application
        let first = TextTable(
            header: ["App", "Version", "Status", "Scale", "Charm", "Message"],
            rows: [
                [
                    application.name, application.version, application.status, String(status.units.count),
                    application.charm, application.message,
                ]
            ]
        )
        let units = TextTable(
            header: ["Unit", "Workload", "Agent", "Address", "Serving", "Message"],
            rows: status.units.map { unit in
                [
                    unit.name + (unit.leader ? "*" : ""), unit.workload, unit.agent, unit.address,
                    unit.serving ? "yes" : unit.leaving ? "leaving" : "no", unit.message,
                ]
            }
        )
        let pods = TextTable(
            header: ["Pod", "Ready", "Status", "Restarts"],
            rows: status.pods.map { [$0.name, "\($0.ready)/\($0.containers)", $0.status, String($0.restarts)] }
        )
        var lines: [String] = []
        for table in [first, units, pods] {
            if !lines.isEmpty { lines.append("") }
            let drawn = table.lines(width: look.usesColour ? look.width : nil)
            lines.append(look.coloured("1", drawn.first ?? ""))
            lines += drawn.dropFirst()
        }
        if !status.problem.isEmpty { lines += ["", look.coloured("31", "Problem: \(status.problem)")] }
        if !status.url.isEmpty { lines += ["", status.url] }
        return lines
    }
}
