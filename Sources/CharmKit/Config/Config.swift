// SPDX-License-Identifier: Apache-2.0

public import PebbleAPI

/// The application's configuration: the options that are set or have a default, by name.
///
/// Each accessor says which option is wrong and how, in words fit for a status message.
public struct Config: Sendable, Hashable {
    /// The values as the agent gave them.
    public let values: [String: JSONValue]

    /// Creates a configuration.
    public init(_ values: [String: JSONValue]) {
        self.values = values
    }

    /// Reads a text option; an empty text counts as a value.
    ///
    /// - Parameter option: The option's name.
    /// - Returns: Its value, or nil when the option is not set.
    /// - Throws: ``ConfigError`` when the value is not text.
    public func optionalString(_ option: String) throws(ConfigError) -> String? {
        switch values[option] {
        case nil, .null?: return nil
        case .string(let value)?: return value
        default: throw ConfigError(option: option, problem: "must be text")
        }
    }

    /// Reads a text option that must be set.
    ///
    /// - Parameter option: The option's name.
    /// - Returns: Its value.
    /// - Throws: ``ConfigError`` when the option is not set or is not text.
    public func string(_ option: String) throws(ConfigError) -> String {
        try require(try optionalString(option), option)
    }

    /// Reads an integer option.
    ///
    /// - Parameter option: The option's name.
    /// - Returns: Its value, or nil when the option is not set.
    /// - Throws: ``ConfigError`` when the value is not a whole number.
    public func optionalInteger(_ option: String) throws(ConfigError) -> Int? {
        switch values[option] {
        case nil, .null?: return nil
        case .integer(let value)?: return Int(value)
        default: throw ConfigError(option: option, problem: "must be a whole number")
        }
    }

    /// Reads an integer option that must be set.
    ///
    /// - Parameter option: The option's name.
    /// - Returns: Its value.
    /// - Throws: ``ConfigError`` when the option is not set or is not a whole number.
    public func integer(_ option: String) throws(ConfigError) -> Int {
        try require(try optionalInteger(option), option)
    }

    /// Reads a floating-point option; the agent may print a whole number for one.
    ///
    /// - Parameter option: The option's name.
    /// - Returns: Its value, or nil when the option is not set.
    /// - Throws: ``ConfigError`` when the value is not a number.
    public func optionalNumber(_ option: String) throws(ConfigError) -> Double? {
        switch values[option] {
        case nil, .null?: return nil
        case .number(let value)?: return value
        case .integer(let value)?: return Double(value)
        default: throw ConfigError(option: option, problem: "must be a number")
        }
    }

    /// Reads a floating-point option that must be set.
    ///
    /// - Parameter option: The option's name.
    /// - Returns: Its value.
    /// - Throws: ``ConfigError`` when the option is not set or is not a number.
    public func number(_ option: String) throws(ConfigError) -> Double {
        try require(try optionalNumber(option), option)
    }

    /// Reads a boolean option.
    ///
    /// - Parameter option: The option's name.
    /// - Returns: Its value, or nil when the option is not set.
    /// - Throws: ``ConfigError`` when the value is neither true nor false.
    public func optionalBoolean(_ option: String) throws(ConfigError) -> Bool? {
        switch values[option] {
        case nil, .null?: return nil
        case .bool(let value)?: return value
        default: throw ConfigError(option: option, problem: "must be true or false")
        }
    }

    /// Reads a boolean option that must be set.
    ///
    /// - Parameter option: The option's name.
    /// - Returns: Its value.
    /// - Throws: ``ConfigError`` when the option is not set or is neither true nor false.
    public func boolean(_ option: String) throws(ConfigError) -> Bool {
        try require(try optionalBoolean(option), option)
    }

    /// Reads all options into a type of the charm's own.
    ///
    /// Coding keys name the options as `config.yaml` does; an error the type itself throws while it validates passes
    /// through unchanged, so let it throw ``ConfigError``.
    ///
    /// - Parameter type: The type.
    /// - Returns: The options as a value.
    /// - Throws: ``ConfigError`` naming the option that is missing or of the wrong type.
    public func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try decodeNamed(JSONValue.object(values.filter { $0.value != .null })) { ConfigError(option: $0, problem: $1) }
    }

    private func require<Value>(_ value: Value?, _ option: String) throws(ConfigError) -> Value {
        guard let value else { throw ConfigError(option: option, problem: "must be set") }
        return value
    }
}

/// A configuration option that cannot be used.
///
/// Thrown out of a handler it does not fail the hook: nothing gathered is sent, and the unit is blocked with this text.
public struct ConfigError: Error, Hashable, CustomStringConvertible {
    /// The option's name.
    public let option: String
    /// What is wrong with its value, continuing "option X …".
    public let problem: String

    /// Creates an error.
    public init(option: String, problem: String) {
        self.option = option
        self.problem = problem
    }

    /// What is wrong, fit for a status message.
    public var description: String { "invalid config: option \(option) \(problem)" }
}

/// Decodes a type from named values and says which name was wrong.
func decodeNamed<Value: Decodable>(
    _ object: JSONValue,
    failure: (_ name: String, _ problem: String) -> any Error
) throws -> Value {
    do {
        return try WireJSON.decode(Value.self, from: object)
    } catch DecodingError.keyNotFound(let key, _) {
        throw failure(key.stringValue, "must be set")
    } catch DecodingError.typeMismatch(let type, let context) {
        throw failure(name(context), "must be \(word(for: type))")
    } catch DecodingError.valueNotFound(_, let context) {
        throw failure(name(context), "must be set")
    } catch DecodingError.dataCorrupted(let context) {
        throw failure(name(context), "is not valid: \(context.debugDescription)")
    }
}

private func name(_ context: DecodingError.Context) -> String {
    context.codingPath.first?.stringValue ?? "?"
}

private func word(for type: any Any.Type) -> String {
    switch type {
    case is String.Type: "text"
    case is Bool.Type: "true or false"
    case is any FixedWidthInteger.Type: "a whole number"
    case is any BinaryFloatingPoint.Type: "a number"
    default: "a \(type)"
    }
}
