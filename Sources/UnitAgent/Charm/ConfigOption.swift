// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// A configuration option a charm declares.
struct ConfigOption: Sendable, Equatable {
    /// The types of options.
    ///
    /// Raw values are those of `config.yaml`.
    enum Kind: String, Sendable {
        case string, int, float, boolean, secret
    }

    let name: String
    let kind: Kind
    let summary: String
    let defaultValue: ConfigValue?

    /// Reads an entry of `options`.
    init(name: String, body: JSONValue) throws {
        self.name = name
        let word = body["type"]?.stringValue ?? "string"
        guard let kind = Kind(rawValue: word) else {
            throw CharmError(message: "config.yaml: option \(name) is of unknown type \"\(word)\"")
        }
        self.kind = kind
        summary = body["description"]?.stringValue ?? ""
        switch body["default"] {
        case nil, .null: defaultValue = nil
        case .some(let value):
            guard let value = Self.value(value, kind) else {
                throw CharmError(message: "config.yaml: the default of option \(name) is not of type \(word)")
            }
            defaultValue = value
        }
    }

    /// Reads what an operator wrote, or says why it is not a value of this option.
    func parse(_ text: String) throws(ControlFailure) -> ConfigValue {
        let value: ConfigValue? =
            switch kind {
            case .string: .string(text)
            case .int: Int(text).map(ConfigValue.int)
            case .float: Double(text).flatMap { $0.isFinite ? .float($0) : nil }
            case .boolean: Self.truths[text.lowercased()].map(ConfigValue.boolean)
            case .secret: text.isEmpty || text.hasPrefix("secret:") ? .string(text) : nil
            }
        guard let value else {
            throw ControlFailure(.invalid, "option \(name) takes \(expectation), not \"\(text)\"")
        }
        return value
    }

    private var expectation: String {
        switch kind {
        case .string: "a text"
        case .int: "a whole number"
        case .float: "a number"
        case .boolean: "true or false"
        case .secret: "a secret URI (secret:…)"
        }
    }

    private static let truths = ["true": true, "yes": true, "1": true, "false": false, "no": false, "0": false]

    private static func value(_ value: JSONValue, _ kind: Kind) -> ConfigValue? {
        switch (kind, value) {
        case (.string, .string(let text)), (.secret, .string(let text)): .string(text)
        case (.int, .integer(let number)): .int(Int(number))
        case (.float, .integer(let number)): .float(Double(number))
        case (.float, .number(let number)): .float(number)
        case (.boolean, .bool(let truth)): .boolean(truth)
        default: nil
        }
    }
}

extension ConfigValue {
    /// The value as hook tools print it.
    var json: JSONValue {
        switch self {
        case .string(let value): .string(value)
        case .int(let value): .integer(Int64(value))
        case .float(let value): .number(value)
        case .boolean(let value): .bool(value)
        }
    }
}

extension CharmDescription {
    /// The values in force: what the operator set over the charm's defaults.
    ///
    /// What the operator set and this version of the charm does not have, or has with another type, is left out.
    func effectiveConfig(user: [String: ConfigValue]) -> [String: ConfigValue] {
        var values: [String: ConfigValue] = [:]
        for option in options { values[option.name] = optionState(option, user: user).value }
        return values
    }

    func optionState(_ option: ConfigOption, user: [String: ConfigValue]) -> ConfigOptionState {
        let set = user[option.name].flatMap { try? option.parse($0.text) }
        return ConfigOptionState(
            name: option.name,
            type: option.kind.rawValue,
            description: option.summary,
            defaultValue: option.defaultValue,
            value: set ?? option.defaultValue,
            source: set != nil ? .user : option.defaultValue != nil ? .default : .unset
        )
    }
}
