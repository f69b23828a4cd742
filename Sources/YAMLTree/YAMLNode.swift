// SPDX-License-Identifier: Apache-2.0

/// One value of a YAML document and where it stands.
package struct YAMLNode: Hashable, Sendable {
    /// What the value is.
    package indirect enum Content: Hashable, Sendable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        case mapping(YAMLMapping)
    }

    package var content: Content
    /// Where it begins; nil for one that was made, not read.
    package var place: YAMLPlace?

    package init(_ content: Content, place: YAMLPlace? = nil) {
        self.content = content
        self.place = place
    }

    /// Nodes are equal when their content is, wherever they stand.
    package static func == (left: YAMLNode, right: YAMLNode) -> Bool {
        left.content == right.content
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(content)
    }
}

/// A place in a YAML text, counted from 1.
package struct YAMLPlace: Hashable, Sendable {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

/// Values by name, in the order they were written.
package struct YAMLMapping: Hashable, Sendable {
    package struct Pair: Hashable, Sendable {
        package var key: YAMLNode
        package var value: YAMLNode

        package init(key: YAMLNode, value: YAMLNode) {
            self.key = key
            self.value = value
        }
    }

    package var pairs: [Pair]

    package init(_ pairs: [Pair] = []) {
        self.pairs = pairs
    }

    /// The value of a name.
    package subscript(name: String) -> YAMLNode? {
        pairs.first { $0.key.text == name }?.value
    }
}

extension YAMLNode {
    /// The scalar this is.
    package var scalar: YAMLScalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

    /// The text of the scalar this is, whatever it stands for; nil for null and for anything but a scalar.
    package var text: String? {
        guard let scalar, !scalar.isNull else { return nil }
        return scalar.text
    }

    /// The values in order this is.
    package var sequence: [YAMLNode]? {
        if case .sequence(let nodes) = content { nodes } else { nil }
    }

    /// The values by name this is.
    package var mapping: YAMLMapping? {
        if case .mapping(let mapping) = content { mapping } else { nil }
    }

    /// Whether this is null.
    package var isNull: Bool { scalar?.isNull ?? false }
    /// The truth value this is.
    package var bool: Bool? {
        if case .bool(let value) = scalar?.value { value } else { nil }
    }
    /// The whole number this is.
    package var integer: Int? {
        if case .integer(let value) = scalar?.value { value } else { nil }
    }
    /// The number this is, whole or not.
    package var number: Double? {
        switch scalar?.value {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The value of a name, if this is a mapping that has it.
    package subscript(name: String) -> YAMLNode? { mapping?[name] }
}

extension YAMLNode {
    /// Makes text; it is quoted where it could be taken for something else.
    package static func string(_ text: String) -> YAMLNode {
        YAMLNode(.scalar(YAMLScalar(text: text, style: YAMLScalar.looksLikeText(text) ? .plain : .doubleQuoted)))
    }

    /// Makes a time, from its text.
    package static func timestamp(_ text: String) -> YAMLNode {
        YAMLNode(.scalar(YAMLScalar(text: text, style: .plain, tag: YAMLScalar.timestampTag)))
    }

    /// Makes a whole number.
    package static func integer(_ value: Int) -> YAMLNode {
        YAMLNode(.scalar(YAMLScalar(text: String(value), style: .plain)))
    }

    /// Makes a number, without a point where it is whole.
    package static func number(_ value: Double) -> YAMLNode {
        let text =
            if value.isNaN {
                ".nan"
            } else if value.isInfinite {
                value < 0 ? "-.inf" : ".inf"
            } else if value.magnitude < 1e15, let whole = Int64(exactly: value) {
                String(whole)
            } else {
                "\(value)"
            }
        return YAMLNode(.scalar(YAMLScalar(text: text, style: .plain)))
    }

    /// Makes a truth value.
    package static func bool(_ value: Bool) -> YAMLNode {
        YAMLNode(.scalar(YAMLScalar(text: value ? "true" : "false", style: .plain)))
    }

    /// Makes null.
    package static var null: YAMLNode {
        YAMLNode(.scalar(YAMLScalar(text: "null", style: .plain)))
    }

    /// Makes values in order.
    package static func list(_ nodes: [YAMLNode]) -> YAMLNode {
        YAMLNode(.sequence(nodes))
    }

    /// Makes values by name, in the order given.
    package static func map(_ pairs: [(String, YAMLNode)]) -> YAMLNode {
        YAMLNode(.mapping(YAMLMapping(pairs.map { YAMLMapping.Pair(key: .string($0.0), value: $0.1) })))
    }
}
