// SPDX-License-Identifier: Apache-2.0

/// Finds the rule for a metric and writes the name and labels it exports.
///
/// Regular expressions are not sendable, so a mapper is made where it is used and stays there.
struct NameMapper {
    /// A rule applied to a name.
    struct Match {
        /// The rule.
        let rule: MappingRule
        /// The exported name, not yet made to fit.
        let name: String
        /// The exported labels.
        let labels: [String: String]
    }

    private struct Compiled {
        let rule: MappingRule
        let name: NameTemplate
        let labels: [String: NameTemplate]

        init(_ rule: MappingRule) {
            self.rule = rule
            name = NameTemplate(rule.name)
            labels = rule.labels.mapValues(NameTemplate.init)
        }

        func match(_ captures: [String]) -> Match {
            Match(rule: rule, name: name.filled(captures), labels: labels.mapValues { $0.filled(captures) })
        }
    }

    /// What holds for metrics that no rule matches.
    let defaults: MappingDefaults
    private let rules: [Compiled]
    private var globs: GlobMatcher
    private var expressions: [(rule: Int, expression: Regex<AnyRegexOutput>)] = []

    /// Makes a mapper for a mapping that was checked.
    ///
    /// - Parameter mapping: The mapping.
    /// - Throws: What a regular expression is wrong with.
    init(_ mapping: Mapping) throws {
        defaults = mapping.defaults
        rules = mapping.rules.map(Compiled.init)
        globs = GlobMatcher(literalsFirst: mapping.defaults.globDisableOrdering)
        for (place, rule) in mapping.rules.enumerated() {
            switch rule.matchType {
            case .glob: globs.add(rule.match, rule: place, kind: rule.kind)
            case .regex: expressions.append((place, try Self.expression(rule.match)))
            }
        }
    }

    /// The tree of the globs, in Graphviz's language.
    var graph: String { globs.graph }

    /// Finds what a metric is exported as: globs before regular expressions, each in the order of the file.
    func match(_ name: String, kind: EventKind) -> Match? {
        if let found = globs.match(name, kind: kind) {
            return rules[found.rule].match([name] + found.captures.map(String.init))
        }
        for (place, expression) in expressions {
            if let wanted = rules[place].rule.kind, wanted != kind { continue }
            guard let found = try? expression.firstMatch(in: name) else { continue }
            return rules[place].match(found.output.map { $0.substring.map(String.init) ?? "" })
        }
        return nil
    }

    /// Compiles an expression to match characters as the original's engine does: by code point, classes in ASCII.
    ///
    /// - Parameter pattern: The expression.
    /// - Returns: The expression, compiled.
    /// - Throws: What is wrong with it.
    static func expression(_ pattern: String) throws -> Regex<AnyRegexOutput> {
        try Regex(pattern).matchingSemantics(.unicodeScalar).asciiOnlyCharacterClasses()
    }
}
