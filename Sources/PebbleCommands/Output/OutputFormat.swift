// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import FoundationEssentials
import PebbleAPI
import YAMLTree

/// How a command shows what it found.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
    case yaml
}

/// Writes values for programs.
enum StructuredText {
    /// A value as one line of JSON or as YAML.
    static func of(_ value: some Encodable, _ format: OutputFormat) throws -> String {
        let data = try WireJSON.bytes(of: value)
        if format == .json { return String(decoding: data, as: UTF8.self) + "\n" }
        return node(try WireJSON.decode(JSONValue.self, from: data)).rendered()
    }

    /// A value as YAML, its fields in the order given; those there are none of are left out.
    static func yaml(_ fields: [(String, (any Encodable)?)]) throws -> String {
        var pairs: [(String, YAMLNode)] = []
        for (name, value) in fields {
            guard let value else { continue }
            if let time = value as? Timestamp {
                pairs.append((name, .timestamp("\(time)")))
                continue
            }
            pairs.append((name, node(try WireJSON.decode(JSONValue.self, from: try WireJSON.bytes(of: value)))))
        }
        return YAMLNode.map(pairs).rendered()
    }

    private static func node(_ value: JSONValue) -> YAMLNode {
        switch value {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(Int(value))
        case .number(let value): .number(value)
        case .string(let value): .string(value)
        case .array(let values): .list(values.map(node))
        case .object(let values): .map(values.sorted { $0.key < $1.key }.map { ($0.key, field($0.key, $0.value)) })
        }
    }

    /// The fields that are times, as YAML has a kind of value for them.
    private static let times: Set = ["current-since", "first-occurred", "last-occurred", "last-repeated"]

    private static func field(_ name: String, _ value: JSONValue) -> YAMLNode {
        guard times.contains(name), let text = value.stringValue, Timestamp(text) != nil else { return node(value) }
        return .timestamp(text)
    }
}
