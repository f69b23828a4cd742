// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import PebbleAPI
package import UnitAgent

/// Makes Prometheus' configuration of what the charm publishes on `metrics-endpoint`, the way Prometheus' own charm does:
/// the same jobs, labels and rules as in a cluster.
package struct PrometheusConfiguration: Hashable, Sendable {
    /// The file's text: JSON, which is YAML as well.
    package let text: String
    /// The rules' file.
    package let rules: String

    /// Reads the charm's side of the relation.
    ///
    /// - Parameters:
    ///   - relation: The relation, with its databags.
    ///   - application: The application's name.
    ///   - unit: The unit's name.
    ///   - operatorPort: Where the unit agent serves its own numbers, which are no business of the charm's.
    ///   - alertmanagerPort: Where alerts go.
    ///   - rulesPath: Where the rules' file will be.
    /// - Returns: nil while the charm has not published everything yet.
    /// - Throws: `DecodingError` when what it published is not what the interface demands.
    package static func make(
        _ relation: RelationData,
        application: String,
        unit: String,
        operatorPort: UInt16,
        alertmanagerPort: UInt16,
        rulesPath: String
    ) throws -> PrometheusConfiguration? {
        guard let published = relation.databags[application], let jobs = published["scrape_jobs"],
            let metadata = published["scrape_metadata"], let rules = published["alert_rules"],
            let address = relation.databags[unit]?["prometheus_scrape_unit_address"]
        else { return nil }
        let decoder = JSONDecoder()
        let topology = try decoder.decode(Topology.self, from: Data(metadata.utf8))
        var configured: [JSONValue] = []
        for job in try decoder.decode([[String: JSONValue]].self, from: Data(jobs.utf8)) {
            configured.append(topology.job(job, unit: unit, address: address))
        }
        configured.append(
            topology.job(
                [
                    "job_name": .string("operator"),
                    "static_configs": .array([
                        .object(["targets": .array([.string("127.0.0.1:\(operatorPort)")])])
                    ]),
                ],
                unit: unit,
                address: address,
                isOfUnit: true
            )
        )
        let whole: [String: JSONValue] = [
            "global": .object(["scrape_interval": .string("10s"), "evaluation_interval": .string("10s")]),
            "rule_files": .array([.string(rulesPath)]),
            "alerting": .object([
                "alertmanagers": .array([
                    .object([
                        "static_configs": .array([
                            .object(["targets": .array([.string("127.0.0.1:\(alertmanagerPort)")])])
                        ])
                    ])
                ])
            ]),
            "scrape_configs": .array(configured),
        ]
        return PrometheusConfiguration(text: try render(.object(whole)), rules: rules + "\n")
    }

    private static func render(_ value: JSONValue) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}

/// Where the numbers come from, in Juju's terms.
private struct Topology: Decodable {
    var model: String
    var modelUUID: String
    var application: String
    var charmName: String

    private enum CodingKeys: String, CodingKey {
        case model
        case modelUUID = "model_uuid"
        case application
        case charmName = "charm_name"
    }

    /// A job as Prometheus' charm writes it: `*` is the unit's address, and `instance` says which unit it is.
    ///
    /// - Parameters:
    ///   - published: The job as the charm publishes it.
    ///   - unit: The unit's name.
    ///   - address: The unit's address.
    ///   - isOfUnit: Whether the job is the unit's although it names an address.
    /// - Returns: The job.
    func job(
        _ published: [String: JSONValue],
        unit: String,
        address: String,
        isOfUnit: Bool = false
    ) -> JSONValue {
        var labels: [String: JSONValue] = [
            "juju_model": .string(model), "juju_model_uuid": .string(modelUUID),
            "juju_application": .string(application), "juju_charm": .string(charmName),
        ]
        var hasWildcard = isOfUnit
        var targets: [JSONValue] = []
        if case .array(let configurations)? = published["static_configs"] {
            for case .object(let configuration) in configurations {
                guard case .array(let written)? = configuration["targets"] else { continue }
                for case .string(let target) in written {
                    if target.hasPrefix("*") { hasWildcard = true }
                    targets.append(.string(target.hasPrefix("*") ? address + target.dropFirst() : target))
                }
            }
        }
        var sources = ["juju_model", "juju_model_uuid", "juju_application"]
        if hasWildcard {
            labels["juju_unit"] = .string(unit)
            sources.append("juju_unit")
        }
        let identifier = "juju_\(model)_\(modelUUID.prefix(8))_\(application)_prometheus_scrape"
        let name = published["job_name"]?.stringValue.map { "_\($0)" } ?? ""
        let number = unit.split(separator: "/").last.map { hasWildcard ? "-\($0)" : "" } ?? ""
        var job = published
        job["job_name"] = .string(identifier + name + number)
        job["static_configs"] = .array([.object(["targets": .array(targets), "labels": .object(labels)])])
        job["relabel_configs"] = .array([
            .object([
                "source_labels": .array(sources.map(JSONValue.string)), "separator": .string("_"),
                "target_label": .string("instance"), "regex": .string("(.*)"),
            ])
        ])
        return .object(job)
    }
}
