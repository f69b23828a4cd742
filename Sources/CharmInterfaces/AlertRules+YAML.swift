// SPDX-License-Identifier: Apache-2.0

import YAMLTree

/// A file of rules that cannot be used.
public struct AlertRulesError: Error, Hashable, CustomStringConvertible {
    /// What is wrong, and where.
    public let description: String
}

extension AlertRules {
    /// Reads rules as Prometheus' rule files have them.
    ///
    /// - Parameter yaml: The file's content.
    /// - Throws: ``AlertRulesError`` when it is not YAML, or a group or rule lacks what it needs.
    public init(yaml: [UInt8]) throws(AlertRulesError) {
        let root: YAMLNode?
        do throws(YAMLError) {
            root = try YAMLNode.parse(yaml)
        } catch {
            throw AlertRulesError(description: "\(error)")
        }
        guard let groups = root?["groups"]?.sequence else {
            throw AlertRulesError(description: "there is no list named groups")
        }
        self.init()
        for group in groups {
            guard let name = group["name"]?.text, let rules = group["rules"]?.sequence else {
                throw AlertRulesError(description: "\(Self.line(group))a group has no name or no rules")
            }
            var read: [Rule] = []
            for rule in rules { read.append(try Self.rule(rule)) }
            self.groups.append(Group(name: name, rules: read))
        }
    }

    private static func rule(_ node: YAMLNode) throws(AlertRulesError) -> Rule {
        let (alert, record) = (node["alert"]?.text, node["record"]?.text)
        guard let expression = node["expr"]?.text, (alert == nil) != (record == nil) else {
            throw AlertRulesError(description: "\(line(node))a rule needs expr, and either alert or record")
        }
        return Rule(
            alert: alert,
            record: record,
            expression: expression,
            duration: node["for"]?.text,
            labels: texts(node["labels"]),
            annotations: texts(node["annotations"])
        )
    }

    private static func texts(_ node: YAMLNode?) -> [String: String] {
        let pairs = (node?.mapping?.pairs ?? []).compactMap { pair in
            pair.key.text.map { ($0, pair.value.text ?? "") }
        }
        return Dictionary(pairs) { _, last in last }
    }

    private static func line(_ node: YAMLNode) -> String {
        node.place.map { "line \($0.line): " } ?? ""
    }
}
