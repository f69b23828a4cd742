// SPDX-License-Identifier: Apache-2.0
import YAMLTree

/// Everything that is wrong with a mapping file.
struct MappingError: Error, CustomStringConvertible, Sendable, Equatable {
    /// One problem a line, each with its place.
    let problems: [String]

    var description: String { problems.joined(separator: "\n") }
}

/// Reads mapping files: the original's format, and `cumulative`.
enum MappingFile {
    /// Reads a mapping and checks all of it.
    ///
    /// - Parameter text: The file's text; an empty one has no rules.
    /// - Returns: The mapping, with defaults filled in.
    /// - Throws: `MappingError` with every problem found.
    static func read(_ text: String) throws(MappingError) -> Mapping {
        let root: YAMLNode?
        do {
            root = try YAMLNode.parse(text)
        } catch {
            throw MappingError(problems: ["\(error)"])
        }
        guard let root else { return Mapping() }
        var fields = YAMLFields(root, kind: "mapping file")
        var mapping = Mapping()
        var problems: [YAMLFields.Problem] = []
        if let node = fields.node("defaults") {
            var reader = MappingReader(node, kind: "defaults")
            mapping.defaults = reader.defaults()
            problems += reader.finish()
        }
        for node in fields.list("mappings") {
            var reader = MappingReader(node, kind: "mapping")
            mapping.rules.append(reader.rule(mapping.defaults, node))
            problems += reader.finish()
        }
        let all = fields.finish() + problems
        guard all.isEmpty else {
            throw MappingError(problems: all.sorted { ($0.place?.line ?? 0) < ($1.place?.line ?? 0) }.map(\.line))
        }
        return mapping
    }
}

extension YAMLFields {
    /// The values of a list; empty when absent.
    fileprivate mutating func list(_ name: String) -> [YAMLNode] {
        guard let node = node(name) else { return [] }
        if let nodes = node.sequence { return nodes }
        report(Self.mismatch(node, "a list"), node, name)
        return []
    }
}

/// Reads one rule, or the defaults.
private struct MappingReader {
    private var fields: YAMLFields
    private var nested: [YAMLFields.Problem] = []

    init(_ node: YAMLNode, kind: String) {
        fields = YAMLFields(node, kind: kind)
    }

    consuming func finish() -> [YAMLFields.Problem] { fields.finish() + nested }

    mutating func defaults() -> MappingDefaults {
        var defaults = MappingDefaults()
        defaults.observer = choice("observer_type") ?? .summary
        defaults.matchType = choice("match_type") ?? .glob
        defaults.globDisableOrdering = fields.bool("glob_disable_ordering") ?? false
        defaults.timeToLive = lifetime("ttl")
        if let node = fields.node("histogram_options") { defaults.buckets = buckets(node, defaults.buckets) }
        if let node = fields.node("summary_options") { defaults.summary = summary(node, defaults.summary) }
        return defaults
    }

    mutating func rule(_ defaults: MappingDefaults, _ node: YAMLNode) -> MappingRule {
        let matchNode = fields.node("match")
        var rule = MappingRule(match: matchNode?.text ?? "", name: "")
        rule.matchType = choice("match_type") ?? defaults.matchType
        rule.action = choice("action") ?? .map
        rule.kind = choice("match_metric_type")
        check(rule, matchNode ?? node)
        let nameNode = fields.node("name")
        rule.name = nameNode?.text ?? ""
        if !MappingNames.isName(rule.name) {
            let words = rule.name.isEmpty ? "a mapping needs a metric name" : "invalid metric name \"\(rule.name)\""
            fields.report(words, nameNode ?? node, "name")
        }
        rule.labels = fields.stringsByName("labels")
        for label in rule.labels.keys.sorted() where !MappingNames.isLabel(label) {
            fields.report("invalid label key \"\(label)\"", node, "labels")
        }
        rule.honorLabels = fields.bool("honor_labels") ?? false
        rule.help = fields.nonEmptyString("help")
        rule.scale = fields.number("scale") ?? 1
        rule.cumulative = fields.bool("cumulative") ?? false
        rule.timeToLive = lifetime("ttl") ?? defaults.timeToLive
        observer(&rule, defaults)
        return rule
    }

    private mutating func observer(_ rule: inout MappingRule, _ defaults: MappingDefaults) {
        rule.observer = choice("observer_type") ?? defaults.observer
        rule.buckets = defaults.buckets
        rule.summary = defaults.summary
        if let node = fields.node("histogram_options") {
            rule.buckets = buckets(node, defaults.buckets)
            if rule.observer == .summary, node.mapping != nil {
                fields.report("cannot use summary observer and histogram options at the same time", node)
            }
        }
        if let node = fields.node("summary_options") {
            rule.summary = summary(node, defaults.summary)
            if rule.observer == .histogram, node.mapping != nil {
                fields.report("cannot use histogram observer and summary options at the same time", node)
            }
        }
    }

    private mutating func check(_ rule: MappingRule, _ node: YAMLNode) {
        switch rule.matchType {
        case .glob:
            if !MappingNames.isGlob(rule.match) { fields.report("invalid match: \"\(rule.match)\"", node, "match") }
        case .regex:
            do {
                _ = try NameMapper.expression(rule.match)
            } catch {
                fields.report("invalid regex \(rule.match) in mapping: \(error)", node, "match")
            }
        }
    }

    private mutating func choice<Choice: RawRepresentable>(_ name: String) -> Choice? where Choice.RawValue == String {
        guard let node = fields.node(name) else { return nil }
        guard let text = node.text, let choice = Choice(rawValue: text == "timer" ? "observer" : text) else {
            fields.report("invalid \(name) \"\(node.text ?? "")\"", node, name)
            return nil
        }
        return choice
    }

    private mutating func lifetime(_ name: String) -> Duration? {
        duration(&fields, name).flatMap { $0 > .zero ? $0 : nil }
    }

    private func duration(_ fields: inout YAMLFields, _ name: String) -> Duration? {
        guard let node = fields.node(name) else { return nil }
        guard let duration = DurationText.read(node.text ?? "") else {
            fields.report("invalid duration \"\(node.text ?? "")\"; write it as 30s or 1m20s", node, name)
            return nil
        }
        return duration
    }

    private mutating func buckets(_ node: YAMLNode, _ standard: [Double]) -> [Double] {
        var options = YAMLFields(node, kind: "histogram_options")
        // Native histograms exist in the protobuf format only; their settings are read and have no effect here.
        _ = options.number("native_histogram_bucket_factor")
        _ = options.integer("native_histogram_max_buckets")
        let nodes = options.list("buckets")
        let bounds = nodes.compactMap(\.number)
        if bounds.count < nodes.count {
            options.report("buckets are numbers", node, "buckets")
        } else if zip(bounds, bounds.dropFirst()).contains(where: { $0 >= $1 }) {
            options.report("buckets are not in increasing order", nodes[0], "buckets")
        }
        nested += options.finish()
        return bounds.isEmpty ? standard : bounds
    }

    private mutating func summary(_ node: YAMLNode, _ standard: SummaryOptions) -> SummaryOptions {
        var fields = YAMLFields(node, kind: "summary_options")
        var options = standard
        let nodes = fields.list("quantiles")
        if !nodes.isEmpty { options.objectives = [] }
        for node in nodes {
            var entry = YAMLFields(node, kind: "quantile")
            let rank = entry.number("quantile") ?? -1
            let error = entry.number("error") ?? 0
            if !(0...1).contains(rank) || !(0...1).contains(error) {
                entry.report("a quantile and its error are between 0 and 1", node)
            }
            options.objectives.append(SummaryOptions.Objective(quantile: rank, error: error))
            nested += entry.finish()
        }
        if let age = duration(&fields, "max_age"), age > .zero { options.maxAge = age }
        options.ageBuckets = count(&fields, "age_buckets", limit: 100, node) ?? options.ageBuckets
        options.bufferCapacity = count(&fields, "buf_cap", limit: 1_000_000, node) ?? options.bufferCapacity
        nested += fields.finish()
        return options
    }

    private func count(_ fields: inout YAMLFields, _ name: String, limit: Int, _ node: YAMLNode) -> Int? {
        guard let value = fields.integer(name), value != 0 else { return nil }
        if (1...limit).contains(value) { return value }
        fields.report("\(name) is between 1 and \(limit)", node, name)
        return nil
    }
}
