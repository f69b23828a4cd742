// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// An action a charm declares.
struct ActionDescription: Sendable, Equatable {
    let name: String
    /// The schema of each parameter.
    let parameters: [String: JSONValue]
    let required: [String]
    let allowsOthers: Bool

    /// Reads an entry of `actions.yaml`.
    init(name: String, body: JSONValue) {
        self.name = name
        parameters = Dictionary(uniqueKeysWithValues: body.members("params"))
        required = (body["required"]?.arrayValue ?? []).compactMap(\.stringValue)
        allowsOthers = body["additionalProperties"]?.boolValue ?? true
    }

    /// Checks what an operator gave and fills in defaults.
    func resolve(_ given: [String: String]) throws(ControlFailure) -> JSONValue {
        var values: [String: JSONValue] = [:]
        for (name, schema) in parameters {
            if let fallback = schema["default"] { values[name] = fallback }
        }
        for (name, text) in given {
            guard let schema = parameters[name] else {
                guard allowsOthers else {
                    throw ControlFailure(.invalid, "action \(self.name) has no parameter \(name)")
                }
                values[name] = Self.value(text)
                continue
            }
            values[name] = try read(text, name: name, schema: schema)
        }
        if let missing = required.first(where: { values[$0] == nil }) {
            throw ControlFailure(.invalid, "action \(name) needs the parameter \(missing)")
        }
        return .object(values)
    }

    private func read(_ text: String, name: String, schema: JSONValue) throws(ControlFailure) -> JSONValue {
        let type = schema["type"]?.stringValue
        // A text is a text even when it looks like a number: "0123" stays what the operator wrote.
        let value: JSONValue = type == "string" ? .string(text) : Self.value(text)
        guard Self.isValue(value, of: type) else {
            throw ControlFailure(.invalid, "parameter \(name) of action \(self.name) is not of type \(type ?? "any")")
        }
        if let choices = schema["enum"]?.arrayValue, !choices.contains(value) {
            let words = choices.map(ToolOutput.smart).map { $0.split(separator: "\n").joined() }.joined(separator: ", ")
            throw ControlFailure(.invalid, "parameter \(name) of action \(self.name) is one of \(words)")
        }
        return value
    }

    private static func value(_ text: String) -> JSONValue { (try? yamlValue(text)) ?? .string(text) }

    private static func isValue(_ value: JSONValue, of type: String?) -> Bool {
        switch (type, value) {
        case ("integer", .integer), ("number", .integer), ("number", .number), ("boolean", .bool), ("string", .string),
            ("array", .array), ("object", .object), ("null", .null), (nil, _):
            true
        default: false
        }
    }
}
