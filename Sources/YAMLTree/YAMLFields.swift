// SPDX-License-Identifier: Apache-2.0

/// Reads the fields of one mapping by name and gathers every problem with its line, instead of stopping at the first.
package struct YAMLFields {
    /// Something wrong with a field.
    package struct Problem: Hashable, Sendable {
        package var message: String
        package var place: YAMLPlace?
        /// The name of the field; nil for the mapping itself.
        package var field: String?

        /// The message with its line in front.
        package var line: String {
            place.map { "line \($0.line): \(message)" } ?? message
        }
    }

    /// What the mapping is, for messages about unknown fields.
    private let kind: String
    private let place: YAMLPlace?
    private var rest: [(key: YAMLNode, value: YAMLNode)]
    /// What was wrong so far, in reading order.
    package private(set) var problems: [Problem] = []

    /// Begins to read a node that should be a mapping; null counts as an empty one.
    package init(_ node: YAMLNode, kind: String) {
        self.kind = kind
        place = node.place
        rest = node.mapping?.pairs.map { ($0.key, $0.value) } ?? []
        if node.mapping == nil && !node.isNull {
            problems.append(Problem(message: Self.mismatch(node, "a mapping of \(kind)"), place: node.place))
        }
    }

    /// Takes a field out, so that it no longer counts as unknown; null counts as absent.
    package mutating func node(_ name: String) -> YAMLNode? {
        guard let index = rest.firstIndex(where: { $0.key.scalar?.text == name }) else { return nil }
        let value = rest.remove(at: index).value
        return value.isNull ? nil : value
    }

    /// A text; any scalar is taken as it is written.
    package mutating func string(_ name: String) -> String? {
        guard let node = node(name) else { return nil }
        guard let text = node.text else {
            report(Self.mismatch(node, "string"), node, name)
            return nil
        }
        return text
    }

    /// A text, or nil when it is empty.
    package mutating func nonEmptyString(_ name: String) -> String? {
        string(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A whole number.
    package mutating func integer(_ name: String) -> Int? {
        guard let node = node(name) else { return nil }
        if let value = node.integer { return value }
        if let number = node.number, let exact = Int(exactly: number) { return exact }
        report(Self.mismatch(node, "int"), node, name)
        return nil
    }

    /// A number.
    package mutating func number(_ name: String) -> Double? {
        guard let node = node(name) else { return nil }
        if let value = node.number { return value }
        report(Self.mismatch(node, "float64"), node, name)
        return nil
    }

    /// A truth value.
    package mutating func bool(_ name: String) -> Bool? {
        guard let node = node(name) else { return nil }
        if let value = node.bool { return value }
        report(Self.mismatch(node, "bool"), node, name)
        return nil
    }

    /// Texts in order; empty when absent.
    package mutating func strings(_ name: String) -> [String] {
        guard let node = node(name) else { return [] }
        guard let nodes = node.sequence else {
            report(Self.mismatch(node, "[]string"), node, name)
            return []
        }
        return nodes.compactMap { item in
            if let text = item.text { return text }
            if !item.isNull { report(Self.mismatch(item, "string"), item, name) }
            return item.isNull ? "" : nil
        }
    }

    /// Texts by name; empty when absent.
    package mutating func stringsByName(_ name: String) -> [String: String] {
        guard let node = node(name) else { return [:] }
        guard let mapping = node.mapping else {
            report(Self.mismatch(node, "map[string]string"), node, name)
            return [:]
        }
        var values: [String: String] = [:]
        for pair in mapping.pairs {
            guard let key = pair.key.scalar?.text else {
                report(Self.mismatch(pair.key, "string"), pair.key, name)
                continue
            }
            if pair.value.isNull {
                values[key] = ""
            } else if let text = pair.value.text {
                values[key] = text
            } else {
                report(Self.mismatch(pair.value, "string"), pair.value, name)
            }
        }
        return values
    }

    /// Records a problem with a field that the caller found.
    package mutating func report(_ message: String, _ node: YAMLNode, _ field: String? = nil) {
        problems.append(Problem(message: message, place: node.place, field: field))
    }

    /// Ends the reading: whatever was not taken is unknown.
    package consuming func finish() -> [Problem] {
        for (key, _) in rest {
            let name = key.scalar?.text ?? "?"
            let message = "field \(name) not found in type \(kind)"
            problems.append(Problem(message: message, place: key.place, field: name))
        }
        return problems
    }

    /// The words for a node that is not what it should be.
    package static func mismatch(_ node: YAMLNode, _ wanted: String) -> String {
        switch node.content {
        case .scalar(let scalar):
            let shown = scalar.text.count > 10 ? String(scalar.text.prefix(7)) + "..." : scalar.text
            return "cannot unmarshal \(scalar.kind) `\(shown)` into \(wanted)"
        case .sequence: return "cannot unmarshal !!seq into \(wanted)"
        case .mapping: return "cannot unmarshal !!map into \(wanted)"
        }
    }
}
