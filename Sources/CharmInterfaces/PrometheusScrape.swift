// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// The `prometheus_scrape` interface: where our metrics are, and what to alert on.
///
/// We write, as the leader: `scrape_metadata`, `scrape_jobs`, `alert_rules`; each unit writes its address and name.
public enum PrometheusScrape {
    /// Publishes jobs and rules as the leader, and on every unit where it is.
    ///
    /// - Parameters:
    ///   - jobs: What is to be scraped.
    ///   - rules: What to alert on, as written in the charm.
    ///   - topology: Where it all comes from.
    ///   - address: This unit's address.
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func publish(
        jobs: [ScrapeJob],
        rules: AlertRules,
        topology: JujuTopology,
        address: String,
        _ endpoint: String,
        _ model: Model
    ) throws {
        let relations = try model.relations(endpoint).filter(\.isActive)
        guard !relations.isEmpty else { return }
        let isLeader = try model.isLeader()
        for relation in relations {
            if isLeader {
                let values = applicationDatabag(jobs: jobs, rules: rules, topology: topology)
                try relation.set(values, in: .ownApplication)
            }
            try relation.set(unitDatabag(topology: topology, address: address), in: .ownUnit)
        }
    }

    /// What the leader writes to the application's databag.
    ///
    /// - Parameters:
    ///   - jobs: What is to be scraped.
    ///   - rules: What to alert on, as written in the charm.
    ///   - topology: Where it all comes from.
    /// - Returns: The values.
    public static func applicationDatabag(
        jobs: [ScrapeJob],
        rules: AlertRules,
        topology: JujuTopology
    ) -> [String: String] {
        [
            "scrape_metadata": JSONText.render(topology),
            "scrape_jobs": JSONText.render(jobs),
            "alert_rules": rules.published(by: topology).text,
        ]
    }

    /// What each unit writes to its databag.
    ///
    /// - Parameters:
    ///   - topology: Where it all comes from.
    ///   - address: The unit's address.
    /// - Returns: The values.
    public static func unitDatabag(topology: JujuTopology, address: String) -> [String: String] {
        ["prometheus_scrape_unit_address": address, "prometheus_scrape_unit_name": topology.unit]
    }

    /// What Prometheus found wrong with what we published; nil while it is content.
    ///
    /// - Parameter databags: Prometheus' databags.
    /// - Returns: Its complaint, shortened to a line.
    public static func complaint(_ databags: RemoteDatabags) -> String? {
        struct Event: Decodable {
            let errors: String?
            let valid: Bool?
        }
        let event: Event? = databags.value("event").flatMap { JSONText.parse($0) }
        let rules = event?.valid == false ? event?.errors ?? "the rules are not valid" : nil
        let complaint = [rules, databags.value("scrape_job_errors")].compactMap { $0 }.joined(separator: "; ")
        guard !complaint.isEmpty else { return nil }
        return String(complaint.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(200))
    }
}

/// One exporter to scrape.
///
/// A job for each port: the ports of one job would share the label `instance`, and their `up` could not be told apart.
public struct ScrapeJob: Sendable, Hashable, Encodable {
    /// The job's name.
    public var name: String
    /// The path.
    public var path: String
    /// Where it is: `*` stands for each unit's address.
    public var targets: [String]

    /// Creates a job.
    ///
    /// - Parameters:
    ///   - name: The job's name.
    ///   - path: The path.
    ///   - targets: Each `host:port`, or `*:port` for all units.
    public init(name: String, path: String = "/metrics", targets: [String]) {
        self.name = name
        self.path = path
        self.targets = targets
    }

    private enum CodingKeys: String, CodingKey {
        case name = "job_name"
        case path = "metrics_path"
        case configurations = "static_configs"
    }

    /// Writes the job as Prometheus' configuration has it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(path, forKey: .path)
        try container.encode([["targets": targets]], forKey: .configurations)
    }
}
