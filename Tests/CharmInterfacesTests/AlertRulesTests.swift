// SPDX-License-Identifier: Apache-2.0

import CharmInterfaces
import FoundationEssentials
import Testing

@Suite struct AlertRulesTests {
    @Test func `the charm's own rules are read whole`() throws {
        let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        let path = root + "/charm/prometheus_alert_rules/indico.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let rules = try AlertRules(yaml: Array(text.utf8)).groups.flatMap(\.rules)
        func count(_ kind: String) -> Int { text.split(separator: "\n").count { $0.contains("- \(kind): ") } }
        #expect(rules.count { $0.alert != nil } == count("alert"))
        #expect(rules.count { $0.record != nil } == count("record"))
        for rule in rules { #expect(!rule.expression.isEmpty) }
        for rule in rules where rule.alert != nil {
            #expect(rule.labels["severity"] != nil)
            #expect(Set(rule.annotations.keys) == ["summary", "description", "runbook"])
        }
    }

    @Test func `a recording and a folded expression are read`() throws {
        let yaml = "groups:\n- name: g\n  rules:\n  - record: a:b\n    expr: >-\n      sum(x)\n      / y\n"
        let rules = try AlertRules(yaml: Array(yaml.utf8))
        #expect(rules.groups.first?.rules.first == AlertRules.Rule(record: "a:b", expression: "sum(x) / y"))
    }

    @Test(arguments: [
        "", "groups: {}", "groups: [", "groups: [{name: a}]", "groups: [{name: a, rules: [{alert: x}]}]",
        "groups: [{name: a, rules: [{expr: x}]}]", "groups: [{name: a, rules: [{alert: x, record: y, expr: z}]}]",
    ])
    func `what is no file of rules is refused`(yaml: String) {
        #expect(throws: AlertRulesError.self) { try AlertRules(yaml: Array(yaml.utf8)) }
    }
}
