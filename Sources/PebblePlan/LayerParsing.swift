// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import YAMLTree

extension Layer {
    /// Reads a layer from YAML and checks what it shows alone.
    ///
    /// - Parameters:
    ///   - yaml: the text of the layer.
    ///   - label: what the layer is called.
    ///   - order: where it lies among the others.
    ///   - accounts: the users and groups of the machine; nil to take names on trust.
    /// - Returns: the layer.
    /// - Throws: ``PlanError`` with every problem and its line.
    public static func parse(
        yaml: String,
        label: String,
        order: Int = 0,
        accounts: AccountLookup? = nil
    ) throws(PlanError) -> Layer {
        var reader = LayerReader(label: label)
        let root: YAMLNode
        do throws(YAMLError) {
            root = try YAMLNode.parse(yaml) ?? .null
        } catch {
            let message = "cannot parse layer \"\(label)\": \(error)"
            throw PlanError(PlanProblem(message: message, line: error.place?.line))
        }
        var layer = reader.read(root)
        layer.order = order
        try layer.checked(accounts: accounts, lines: reader.lines, before: reader.problems)
        return layer
    }

    /// Validates, adds lines to the problems found, and puts those of the reading first.
    private func checked(
        accounts: AccountLookup?,
        lines: [String: Int],
        before: [PlanProblem]
    ) throws(PlanError) {
        var problems = before
        do throws(PlanError) {
            try validate(accounts: accounts)
        } catch {
            problems += error.problems.map { problem in
                PlanProblem(message: problem.message, path: problem.path, line: lines[problem.path])
            }
        }
        if let error = PlanError(problems) { throw error }
    }
}

/// Reads the tree of one layer and gathers what is wrong with it.
private struct LayerReader {
    let label: String
    private(set) var problems: [PlanProblem] = []
    /// On which line each entry and field stands, by its path.
    private(set) var lines: [String: Int] = [:]

    init(label: String) {
        self.label = label
    }

    mutating func read(_ root: YAMLNode) -> Layer {
        var layer = Layer(label: label)
        guard let mapping = root.mapping else {
            if !root.isNull {
                let problem = YAMLFields.mismatch(root, "map[string]yaml.Node")
                add("yaml: unmarshal errors:\n  line \(root.place?.line ?? 1): \(problem)", section: nil, root)
            }
            return layer
        }
        noteLines(root, path: "", depth: 0)
        for pair in mapping.pairs {
            let name = pair.key.scalar?.text ?? ""
            switch name {
            case "summary": layer.summary = headline(pair.value, name)
            case "description": layer.description = headline(pair.value, name)
            case "services":
                layer.services = entries(pair.value, name, "service", "Service") { $0.service($1, $2) }
            case "checks":
                layer.checks = entries(pair.value, name, "check", "Check") { $0.check($1, $2) }
            case "log-targets":
                layer.logTargets = entries(pair.value, name, "log target", "LogTarget") { $0.logTarget($1, $2) }
            case "workloads":
                layer.workloads = entries(pair.value, name, "workload", "Workload") { $0.workload($1, $2) }
            case "pairing": layer.pairing = pairing(pair.value)
            default: add("unknown section \"\(name)\"", section: nil, pair.key)
            }
        }
        return layer
    }

    private mutating func noteLines(_ node: YAMLNode, path: String, depth: Int) {
        guard depth < 5, let mapping = node.mapping else { return }
        for pair in mapping.pairs {
            guard let name = pair.key.scalar?.text else { continue }
            let inner = path.isEmpty ? name : "\(path).\(name)"
            lines[inner] = pair.key.place?.line
            noteLines(pair.value, path: inner, depth: depth + 1)
        }
    }

    private mutating func add(_ message: String, section: String?, _ node: YAMLNode, path: String = "") {
        let place = section.map { " section \"\($0)\"" } ?? ""
        let message = "cannot parse layer \"\(label)\"\(place): \(message)"
        problems.append(PlanProblem(message: message, path: path, line: node.place?.line))
    }

    private mutating func headline(_ node: YAMLNode, _ name: String) -> String? {
        if node.isNull { return nil }
        guard let text = node.text else {
            let problem = YAMLFields.mismatch(node, "string")
            add("yaml: unmarshal errors:\n  line \(node.place?.line ?? 1): \(problem)", section: name, node, path: name)
            return nil
        }
        return text.isEmpty ? nil : text
    }

    /// The entries of a section; the problems YAML has with them count as one, as users know it.
    private mutating func entries<Entry>(
        _ node: YAMLNode,
        _ section: String,
        _ word: String,
        _ type: String,
        read: (inout SectionReader, String, YAMLNode) -> Entry
    ) -> [String: Entry] {
        var entries: [String: Entry] = [:]
        if node.isNull { return entries }
        var reader = SectionReader(section: section)
        if let mapping = node.mapping {
            for pair in mapping.pairs {
                let name = pair.key.scalar?.text ?? ""
                if pair.value.isNull {
                    let message = "\(word) object cannot be null for \(word) \"\(name)\""
                    reader.add(message, path: "\(section).\(name)", pair.key)
                } else {
                    entries[name] = read(&reader, name, pair.value)
                }
            }
        } else {
            reader.unmarshalProblems = [
                "line \(node.place?.line ?? 1): \(YAMLFields.mismatch(node, "map[string]*plan.\(type)"))"
            ]
        }
        if !reader.unmarshalProblems.isEmpty {
            let list = reader.unmarshalProblems.map { "\n  \($0)" }.joined()
            add("yaml: unmarshal errors:\(list)", section: section, reader.firstProblem ?? node, path: section)
        }
        for (message, node) in reader.durationProblems {
            add(message, section: section, node, path: section)
        }
        problems += reader.problems
        return entries
    }

    private mutating func pairing(_ node: YAMLNode) -> PairingMode? {
        var fields = YAMLFields(node, kind: "plan.Pairing")
        let word = fields.nonEmptyString("mode")
        let unmarshal = fields.finish()
        if !unmarshal.isEmpty {
            let list = unmarshal.map { "\n  \($0.line)" }.joined()
            add("yaml: unmarshal errors:\(list)", section: "pairing", node, path: "pairing")
        }
        guard let word else { return nil }
        if let mode = PairingMode(rawValue: word) { return mode }
        let modes = "\"disabled\", \"single\" or \"multiple\""
        let message = "invalid pairing mode \"\(word)\": should be \(modes)"
        problems.append(PlanProblem(message: message, path: "pairing.mode", line: lines["pairing.mode"]))
        return nil
    }
}
