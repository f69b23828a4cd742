// SPDX-License-Identifier: Apache-2.0

import CharmKit
import FoundationEssentials
import YAMLTree

/// A charm's files that cannot be used.
public struct DeclarationError: Error, Hashable, CustomStringConvertible {
    /// What is wrong with them, one line each.
    public let problems: [String]

    /// What is wrong, in words.
    public var description: String { "cannot read what the charm declares: " + problems.joined(separator: "; ") }
}

extension CharmDeclaration {
    /// Reads a charm's files: `charmcraft.yaml` if it is there, else `metadata.yaml`, `config.yaml` and `actions.yaml`.
    ///
    /// - Parameter charmDirectory: The directory they are in.
    /// - Throws: ``DeclarationError`` with everything that is wrong with them.
    public init(charmDirectory: String) throws(DeclarationError) {
        var reader = DeclarationReader(directory: charmDirectory)
        if let whole = reader.document("charmcraft.yaml", isRequired: false) {
            self = reader.declaration(metadata: whole, config: whole["config"], actions: whole["actions"])
        } else {
            let metadata = reader.document("metadata.yaml", isRequired: true)
            let config = reader.document("config.yaml", isRequired: false)
            let actions = reader.document("actions.yaml", isRequired: false)
            self = reader.declaration(metadata: metadata, config: config, actions: actions)
        }
        guard reader.problems.isEmpty else { throw DeclarationError(problems: reader.problems) }
    }
}

/// Reads a charm's files and remembers what is wrong with them.
private struct DeclarationReader {
    let directory: String
    var problems: [String] = []

    init(directory: String) {
        self.directory = directory
    }

    mutating func document(_ name: String, isRequired: Bool) -> YAMLNode? {
        guard let content = FileManager.default.contents(atPath: "\(directory)/\(name)") else {
            if isRequired { problems.append("\(directory)/\(name): no such file, or no permission") }
            return nil
        }
        do throws(YAMLError) {
            return try YAMLNode.parse(Array(content))
        } catch {
            problems.append("\(name): \(error)")
            return nil
        }
    }

    mutating func declaration(metadata: YAMLNode?, config: YAMLNode?, actions: YAMLNode?) -> CharmDeclaration {
        var declaration = CharmDeclaration(name: metadata?["name"]?.text ?? "")
        if metadata != nil, declaration.name.isEmpty { problems.append("the charm has no name") }
        for role in CharmDeclaration.Endpoint.Role.allCases {
            for (name, body) in entries(metadata?[role.rawValue]) {
                if declaration.endpoints[name] != nil { problems.append("endpoint \(name) is declared twice") }
                if body["interface"]?.text == nil { problems.append("endpoint \(name) has no interface") }
                declaration.endpoints[name] = CharmDeclaration.Endpoint(
                    role,
                    interface: body["interface"]?.text ?? "",
                    limit: body["limit"]?.integer
                )
            }
        }
        declaration.containers = Set(entries(metadata?["containers"]).map(\.0))
        declaration.resources = Set(entries(metadata?["resources"]).map(\.0))
        declaration.extraBindings = Set(entries(metadata?["extra-bindings"]).map(\.0))
        for (name, body) in entries(metadata?["storage"]) { declaration.storages[name] = storage(body) }
        for (name, body) in entries(config?["options"]) {
            if let option = option(name, body) { declaration.options[name] = option }
        }
        for (name, body) in entries(actions) { declaration.actions[name] = action(body) }
        return declaration
    }

    private func entries(_ node: YAMLNode?) -> [(String, YAMLNode)] {
        (node?.mapping?.pairs ?? []).compactMap { pair in pair.key.text.map { ($0, pair.value) } }
    }

    private func storage(_ body: YAMLNode) -> CharmDeclaration.Storage {
        let kind = body["type"]?.text ?? "filesystem"
        guard let range = body["multiple"]?["range"]?.text else { return CharmDeclaration.Storage(kind: kind) }
        // "2", "1-3", "2+", "0-": the bounds around the first character that is not a digit.
        let digits = range.prefix { $0.isNumber }
        let rest = range.dropFirst(digits.count)
        return CharmDeclaration.Storage(kind: kind, maximumCount: rest.isEmpty ? Int(digits) : Int(rest.dropFirst()))
    }

    private mutating func option(_ name: String, _ body: YAMLNode) -> CharmDeclaration.Option? {
        guard let word = body["type"]?.text else {
            problems.append("option \(name) has no type")
            return nil
        }
        guard let type = CharmDeclaration.OptionType(rawValue: word) else {
            problems.append("option \(name) is of type \(word), which there is not")
            return nil
        }
        let value = body["default"].flatMap { $0.isNull ? nil : Self.value($0, isText: type == .string) }
        if let value, !type.accepts(value) {
            problems.append("the default of option \(name) is not of type \(word)")
        }
        return CharmDeclaration.Option(type, default: value)
    }

    private func action(_ body: YAMLNode) -> CharmDeclaration.Action {
        var action = CharmDeclaration.Action()
        for (name, schema) in entries(body["params"]) {
            let type = schema["type"]?.text
            let isText = type == "string"
            action.parameters[name] = CharmDeclaration.Parameter(
                type,
                default: schema["default"].map { Self.value($0, isText: isText) },
                choices: (schema["enum"]?.sequence ?? []).map { Self.value($0, isText: isText) }
            )
        }
        action.required = Set((body["required"]?.sequence ?? []).compactMap(\.text))
        action.allowsOthers = body["additionalProperties"]?.bool ?? true
        return action
    }

    /// A YAML value as JSON; where a text is meant, `3.10` is one.
    private static func value(_ node: YAMLNode, isText: Bool) -> JSONValue {
        if let items = node.sequence { return .array(items.map { value($0, isText: false) }) }
        if let mapping = node.mapping {
            return .object(
                Dictionary(
                    mapping.pairs.map { ($0.key.text ?? "", value($0.value, isText: false)) },
                    uniquingKeysWith: { first, _ in first }
                )
            )
        }
        if isText, let text = node.text { return .string(text) }
        if node.isNull { return .null }
        if let truth = node.bool { return .bool(truth) }
        if let number = node.integer { return .integer(Int64(number)) }
        if let number = node.number { return .number(number) }
        return .string(node.text ?? "")
    }
}

extension CharmDeclaration.OptionType {
    /// Whether `config-get` could print this value for an option of the type.
    func accepts(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (.string, .string), (.int, .integer), (.float, .number), (.float, .integer), (.boolean, .bool): true
        case (.secret, .string(let text)): text.hasPrefix("secret:") && Secret.isID(text)
        default: false
        }
    }
}

extension CharmDeclaration.Parameter {
    /// Whether the value fits the schema's type.
    func accepts(_ value: JSONValue) -> Bool {
        guard choices.isEmpty || choices.contains(value) else { return false }
        switch (type, value) {
        case (nil, _), ("string", .string), ("integer", .integer), ("number", .number), ("number", .integer),
            ("boolean", .bool), ("array", .array), ("object", .object), ("null", .null):
            return true
        default:
            return false
        }
    }
}
