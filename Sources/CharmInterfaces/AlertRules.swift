// SPDX-License-Identifier: Apache-2.0

/// Alerting and recording rules in groups, as Prometheus and Loki take them.
public struct AlertRules: Sendable, Hashable, Codable {
    /// A rule: an alert or a recording.
    public struct Rule: Sendable, Hashable, Codable {
        /// The alert's name; nil for a recording.
        public var alert: String?
        /// The name of the series that is recorded; nil for an alert.
        public var record: String?
        /// The expression.
        public var expression: String
        /// How long it must hold before the alert fires, for example `5m`.
        public var duration: String?
        /// Labels added to the alert or the series.
        public var labels: [String: String]
        /// What people are told.
        public var annotations: [String: String]

        private enum CodingKeys: String, CodingKey {
            case alert
            case record
            case expression = "expr"
            case duration = "for"
            case labels
            case annotations
        }

        /// Creates a rule.
        public init(
            alert: String? = nil,
            record: String? = nil,
            expression: String,
            duration: String? = nil,
            labels: [String: String] = [:],
            annotations: [String: String] = [:]
        ) {
            self.alert = alert
            self.record = record
            self.expression = expression
            self.duration = duration
            self.labels = labels
            self.annotations = annotations
        }

        /// Reads a rule; labels and annotations may be missing.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            alert = try container.decodeIfPresent(String.self, forKey: .alert)
            record = try container.decodeIfPresent(String.self, forKey: .record)
            expression = try container.decode(String.self, forKey: .expression)
            duration = try container.decodeIfPresent(String.self, forKey: .duration)
            labels = try container.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
            annotations = try container.decodeIfPresent([String: String].self, forKey: .annotations) ?? [:]
        }

        /// Writes a rule, without what is empty: Prometheus takes no annotations of a recording.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(alert, forKey: .alert)
            try container.encodeIfPresent(record, forKey: .record)
            try container.encode(expression, forKey: .expression)
            try container.encodeIfPresent(duration, forKey: .duration)
            if !labels.isEmpty { try container.encode(labels, forKey: .labels) }
            if !annotations.isEmpty { try container.encode(annotations, forKey: .annotations) }
        }
    }

    /// A group of rules that are evaluated together.
    public struct Group: Sendable, Hashable, Codable {
        /// The group's name.
        public var name: String
        /// The rules in order.
        public var rules: [Rule]

        /// Creates a group.
        public init(name: String, rules: [Rule]) {
            self.name = name
            self.rules = rules
        }
    }

    /// The groups in order.
    public var groups: [Group]

    /// Creates rules.
    public init(groups: [Group] = []) {
        self.groups = groups
    }

    /// The rules as an application gives them to others: each group named after the application, each rule labelled
    /// with where it comes from.
    ///
    /// Without the labels the reader cannot tell whose rules they are, and adds matchers for no one.
    ///
    /// - Parameter topology: Where the rules come from.
    /// - Returns: The rules.
    public func published(by topology: JujuTopology) -> AlertRules {
        AlertRules(
            groups: groups.map { group in
                let suffix = group.name.hasSuffix("_rules") ? "" : "_rules"
                return Group(
                    name: Self.plain("\(topology.identifier)_\(group.name)\(suffix)"),
                    rules: group.rules.map { rule in
                        var rule = rule
                        rule.labels.merge(topology.applicationLabels) { own, _ in own }
                        return rule
                    }
                )
            }
        )
    }

    /// The text for a databag; an empty object when there are no rules.
    var text: String { groups.isEmpty ? "{}" : JSONText.render(self) }

    private static func plain(_ name: String) -> String {
        String(
            name.map { letter in
                guard letter.isASCII, letter.isLetter || letter.isNumber || letter == ":" else { return "_" }
                return letter
            }
        )
    }
}
