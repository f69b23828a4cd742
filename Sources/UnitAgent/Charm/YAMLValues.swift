// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import YAMLTree

/// A YAML text as a value; null when there is nothing in it.
func yamlValue(_ text: String) throws -> JSONValue {
    try YAMLNode.parse(text).map(JSONValue.init) ?? .null
}

/// A YAML map as texts, each scalar as it is written: `1.0` stays `1.0`.
func yamlTexts(_ text: String) throws -> [String: String] {
    guard let node = try YAMLNode.parse(text), !node.isNull else { return [:] }
    var fields = YAMLFields(.map([("values", node)]), kind: "settings")
    let values = fields.stringsByName("values")
    if let problem = fields.problems.first { throw YAMLError(message: problem.message, place: problem.place) }
    return values
}

extension JSONValue {
    init(_ node: YAMLNode) {
        switch node.content {
        case .scalar(let scalar):
            self =
                switch scalar.value {
                case .null: .null
                case .bool(let value): .bool(value)
                case .integer(let value): .integer(Int64(value))
                case .number(let value): .number(value)
                case .string(let value): .string(value)
                }
        case .sequence(let nodes): self = .array(nodes.map(JSONValue.init))
        case .mapping(let mapping):
            let pairs = mapping.pairs.map { ($0.key.scalar?.text ?? "", JSONValue($0.value)) }
            self = .object(Dictionary(pairs) { _, last in last })
        }
    }
}
