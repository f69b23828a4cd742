// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import PebblePlan

/// Has Pebble send what services print to Loki.
///
/// Loki itself knows nothing of units, so each line carries where it comes from.
enum LogForwarding {
    /// The targets for each of Loki's units: all get everything.
    static func targets(_ services: ExternalServices) -> [String: LogTarget] {
        var result: [String: LogTarget] = [:]
        for (unit, url) in services.logs {
            var target = LogTarget(
                name: unit.description,
                override: .replace,
                type: .loki,
                location: url.description
            )
            target.services = ["all"]
            target.labels = labels(services.topology)
            result[target.name] = target
        }
        return result
    }

    private static func labels(_ topology: JujuTopology?) -> [String: String] {
        guard let topology else { return ["product": "Juju"] }
        var labels = topology.unitLabels
        labels["juju_charm"] = nil
        return labels.merging(["product": "Juju", "charm": topology.charm]) { $1 }
    }

    /// What the targets of a plan that shall not be there any more are replaced by: a layer can take nothing away.
    ///
    /// - Parameters:
    ///   - plan: What the container has.
    ///   - layer: What it shall have.
    /// - Returns: The targets, each of which takes nothing.
    static func retired(_ plan: Plan, _ layer: Layer) -> [String: LogTarget] {
        plan.logTargets.filter { name, target in
            // Only what this charm made: the label is there on each of its targets.
            layer.logTargets[name] == nil && target.labels["product"] == "Juju" && target.services != ["-all"]
        }
        .mapValues { target in
            var target = target
            target.override = .replace
            target.location = "(removed)"
            target.services = ["-all"]
            return target
        }
    }
}
