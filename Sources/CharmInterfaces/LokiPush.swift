// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// The `loki_push_api` interface: where logs go.
///
/// We write, as the leader: `metadata` and `alert_rules`. Each of Loki's units says in `endpoint`, an object, the
/// `url` to push to; logs go to all of them.
public enum LokiPush {
    /// Reads where to push to, over all relations of an endpoint.
    ///
    /// A unit that has said nothing yet is no fault: it will, and its logs are not held back for it.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Returns: The URLs by Loki's unit; absent when there is no relation.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func read(_ endpoint: String, _ model: Model) throws -> RelationReading<[UnitName: WebURL]> {
        let relations = try model.relations(endpoint).filter(\.isActive)
        guard !relations.isEmpty else { return .absent }
        var units: [UnitName: [String: String]] = [:]
        for relation in relations {
            units.merge(try RemoteDatabags(relation, withUnits: true).units) { $1 }
        }
        return read(RemoteDatabags(units: units))
    }

    /// Reads what Loki's units wrote.
    ///
    /// - Parameter databags: The databags.
    /// - Returns: The URLs by Loki's unit.
    public static func read(_ databags: RemoteDatabags) -> RelationReading<[UnitName: WebURL]> {
        struct Answer: Decodable {
            let url: String
        }
        var urls: [UnitName: WebURL] = [:]
        for (unit, values) in databags.units.sorted(by: { $0.key < $1.key }) {
            guard let text = values["endpoint"], !text.isEmpty else { continue }
            guard let answer: Answer = JSONText.parse(text), let url = WebURL(answer.url) else {
                return .invalid("endpoint of \(unit): not an object with an http or https url")
            }
            urls[unit] = url
        }
        return urls.isEmpty ? .waiting("an endpoint") : .ready(urls)
    }

    /// Tells Loki who sends, as the leader; elsewhere nothing is written.
    ///
    /// - Parameters:
    ///   - rules: What to alert on.
    ///   - topology: Who sends.
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func publish(
        rules: AlertRules = AlertRules(),
        topology: JujuTopology,
        _ endpoint: String,
        _ model: Model
    ) throws {
        guard try model.isLeader() else { return }
        for relation in try model.relations(endpoint) where relation.isActive {
            try relation.set(applicationDatabag(rules: rules, topology: topology), in: .ownApplication)
        }
    }

    /// What the leader writes to the application's databag.
    ///
    /// - Parameters:
    ///   - rules: What to alert on.
    ///   - topology: Who sends.
    /// - Returns: The values.
    public static func applicationDatabag(rules: AlertRules, topology: JujuTopology) -> [String: String] {
        ["metadata": JSONText.render(topology), "alert_rules": rules.published(by: topology).text]
    }
}
