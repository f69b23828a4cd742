// SPDX-License-Identifier: Apache-2.0

import HookProtocol
public import PebbleAPI

/// The action that is being run.
public final class Action {
    /// The action's name in the charm's metadata.
    public let name: String
    /// The id of this run.
    public let id: String

    private let caller: ToolCaller
    private let typesRead: TypesRead
    private var knownParameters: ActionParameters?
    private var results: [String: String] = [:]
    private var failure: String?

    init(event: ActionEvent, caller: ToolCaller, typesRead: TypesRead) {
        name = event.name
        id = event.id
        self.caller = caller
        self.typesRead = typesRead
    }

    /// Reads the parameters, with defaults filled in.
    ///
    /// - Returns: The parameters.
    /// - Throws: ``HookToolError`` when the agent cannot tell.
    public func parameters() throws(HookToolError) -> ActionParameters {
        if let knownParameters { return knownParameters }
        let values = try caller.json(.actionGet, ["--format=json"], as: [String: JSONValue]?.self, subject: name)
        let parameters = ActionParameters(values ?? [:])
        knownParameters = parameters
        return parameters
    }

    /// Reads the parameters into a type of the charm's own; coding keys name the parameters.
    ///
    /// A test run with the charm's files refuses a type that does not fit what `actions.yaml` declares.
    ///
    /// - Parameter type: The type.
    /// - Returns: The parameters as a value.
    /// - Throws: ``ActionError/badParameter(name:problem:)`` naming the one that is missing or of the wrong type, which
    ///   fails the action with that text; ``HookToolError`` when the agent cannot tell.
    public func parameters<Value: Decodable>(_ type: Value.Type) throws -> Value {
        typesRead.parameters.append(type)
        return try parameters().decode(type)
    }

    /// Sets results; they are sent together at the end, also when the action fails.
    ///
    /// - Parameter values: The results by key; a dot in a key makes a nested map. A key set twice has the later value.
    /// - Throws: ``ActionError/badResultKey(_:)`` for a key the agent would refuse.
    public func setResults(_ values: [String: String]) throws(ActionError) {
        for key in values.keys where !Self.isValid(resultKey: key) { throw .badResultKey(key) }
        results.merge(values) { $1 }
    }

    /// Writes a line of progress, which whoever waits for the action sees at once.
    ///
    /// - Parameter text: The line.
    /// - Throws: ``HookToolError`` when it cannot be written.
    public func log(_ text: String) throws(HookToolError) {
        try caller.run(.actionLog, ["--", text], subject: name)
    }

    /// Marks the action as failed; the handler goes on, and what it wrote is still sent.
    ///
    /// To stop and send nothing, throw ``ActionError/failed(_:)``.
    ///
    /// - Parameter message: Why.
    public func fail(_ message: String) {
        failure = message
    }

    /// Whether the action was marked as failed.
    public var hasFailed: Bool { failure != nil }

    func commit() throws(HookToolError) {
        if !results.isEmpty {
            let arguments = results.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            try caller.run(.actionSet, arguments, subject: name)
        }
        if let failure { try caller.run(.actionFail, ["--", failure], subject: name) }
    }

    private static let reservedKeys: Set = ["stdout", "stdout-encoding", "stderr", "stderr-encoding"]

    /// Dot-separated parts of lowercase letters and digits with inner hyphens.
    package static func isValid(resultKey key: String) -> Bool {
        guard !reservedKeys.contains(key) else { return false }
        return key.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
            guard let first = part.utf8.first, let last = part.utf8.last else { return false }
            let hyphen = UInt8(ascii: "-")
            return first != hyphen && last != hyphen
                && part.utf8.allSatisfy {
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == hyphen
                }
        }
    }
}

/// The parameters of an action.
public struct ActionParameters: Sendable, Hashable {
    /// The values as the agent gave them.
    public let values: [String: JSONValue]

    /// Creates parameters.
    public init(_ values: [String: JSONValue]) {
        self.values = values
    }

    /// Reads a text.
    ///
    /// - Parameter name: The parameter's name.
    /// - Returns: The text, or nil when it was not given.
    /// - Throws: ``ActionError/badParameter(name:problem:)`` when it is not text.
    public func optionalString(_ name: String) throws(ActionError) -> String? {
        switch values[name] {
        case nil, .null?: return nil
        case .string(let value)?: return value
        default: throw .badParameter(name: name, problem: "must be text")
        }
    }

    /// Reads a text that must be given.
    ///
    /// - Parameter name: The parameter's name.
    /// - Returns: The text.
    /// - Throws: ``ActionError/badParameter(name:problem:)`` when it was not given or is not text.
    public func string(_ name: String) throws(ActionError) -> String {
        guard let value = try optionalString(name) else { throw .badParameter(name: name, problem: "must be set") }
        return value
    }

    /// Reads a boolean.
    ///
    /// - Parameters:
    ///   - name: The parameter's name.
    ///   - fallback: The value when it was not given.
    /// - Returns: The value.
    /// - Throws: ``ActionError/badParameter(name:problem:)`` when it is neither true nor false.
    public func boolean(_ name: String, or fallback: Bool = false) throws(ActionError) -> Bool {
        switch values[name] {
        case nil, .null?: return fallback
        case .bool(let value)?: return value
        default: throw .badParameter(name: name, problem: "must be true or false")
        }
    }

    /// Reads a whole number.
    ///
    /// - Parameter name: The parameter's name.
    /// - Returns: The number, or nil when it was not given.
    /// - Throws: ``ActionError/badParameter(name:problem:)`` when it is not a whole number.
    public func optionalInteger(_ name: String) throws(ActionError) -> Int? {
        switch values[name] {
        case nil, .null?: return nil
        case .integer(let value)?: return Int(value)
        default: throw .badParameter(name: name, problem: "must be a whole number")
        }
    }

    /// Reads all parameters into a type of the charm's own; coding keys name the parameters.
    ///
    /// - Parameter type: The type.
    /// - Returns: The parameters as a value.
    /// - Throws: ``ActionError/badParameter(name:problem:)`` naming the one that is missing or of the wrong type.
    public func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try decodeNamed(JSONValue.object(values.filter { $0.value != .null })) {
            ActionError.badParameter(name: $0, problem: $1)
        }
    }
}

/// Why an action cannot do what it was asked.
///
/// Thrown out of a handler it ends the action as failed with this text; nothing the handler gathered is sent, save
/// the results.
public enum ActionError: Error, Hashable, CustomStringConvertible {
    /// The action failed.
    case failed(String)
    /// A parameter cannot be used.
    case badParameter(name: String, problem: String)
    /// The agent would refuse a result's key.
    case badResultKey(String)

    /// What happened, in words.
    public var description: String {
        switch self {
        case .failed(let message): message
        case .badParameter(let name, let problem): "invalid action parameters: \(name) \(problem)"
        case .badResultKey(let key):
            "cannot set result \"\(key)\": keys are lowercase letters, digits and inner hyphens, and not a reserved name"
        }
    }
}
