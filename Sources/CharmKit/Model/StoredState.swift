// SPDX-License-Identifier: Apache-2.0

import HookProtocol
import PebbleAPI

/// What the unit remembers from one dispatch to the next, kept by the controller so that a lost pod loses nothing.
///
/// All of it is read in one call on first use, and what changed is written in one call when the dispatch ends well.
public final class StoredState {
    private let caller: ToolCaller
    private var stored: [String: String]?
    private var changes: [String: String] = [:]

    /// The longest key the controller takes, in bytes.
    public static let maximumKeySize = 256
    /// The longest value the controller takes, in bytes.
    public static let maximumValueSize = 64 * 1024

    init(caller: ToolCaller) {
        self.caller = caller
    }

    /// Reads a text.
    ///
    /// - Parameter key: Its key.
    /// - Returns: The text, or nil when there is none.
    /// - Throws: ``HookToolError`` when the agent cannot tell.
    public func string(_ key: String) throws(HookToolError) -> String? {
        if let changed = changes[key] { return changed.isEmpty ? nil : changed }
        let stored = try load()[key]
        return stored?.isEmpty == true ? nil : stored
    }

    /// Remembers a text.
    ///
    /// - Parameters:
    ///   - value: The text; nil or an empty one forgets the key.
    ///   - key: Its key, not starting with `charmkit.`, which this library keeps for itself.
    /// - Throws: ``StoredStateError`` when key or value is too long or the key is reserved.
    public func set(_ value: String?, for key: String) throws(StoredStateError) {
        guard !key.hasPrefix("charmkit.") else { throw .reservedKey(key) }
        try setAny(value, for: key)
    }

    /// Reads a value that was remembered with ``encode(_:for:)``.
    ///
    /// - Parameters:
    ///   - type: Its type.
    ///   - key: Its key.
    /// - Returns: The value, or nil when there is none.
    /// - Throws: ``StoredStateError/malformed(key:)`` when what is there is not such a value; ``HookToolError`` when the
    ///   agent cannot tell.
    public func decode<Value: Decodable>(_ type: Value.Type, for key: String) throws -> Value? {
        guard let text = try string(key) else { return nil }
        do {
            return try WireJSON.decode(Value.self, from: text.utf8)
        } catch {
            throw StoredStateError.malformed(key: key)
        }
    }

    /// Remembers a value as JSON.
    ///
    /// - Parameters:
    ///   - value: The value.
    ///   - key: Its key.
    /// - Throws: As ``set(_:for:)``, or an `EncodingError`.
    public func encode(_ value: some Encodable, for key: String) throws {
        try set(try Self.text(value), for: key)
    }

    static func text(_ value: some Encodable) throws -> String {
        try WireJSON.text(of: value)
    }

    func setAny(_ value: String?, for key: String) throws(StoredStateError) {
        guard !key.isEmpty, key.utf8.count <= Self.maximumKeySize else { throw .badKey(key) }
        let value = value ?? ""
        guard value.utf8.count <= Self.maximumValueSize else { throw .tooLarge(key: key, size: value.utf8.count) }
        changes[key] = value
    }

    /// Forgets what was to be changed.
    func discard() { changes = [:] }

    /// The keys that are stored.
    func keys(startingWith prefix: String) throws(HookToolError) -> [String] {
        try load().filter { $0.key.hasPrefix(prefix) && !$0.value.isEmpty }.map(\.key)
    }

    /// Reads what this library wrote for itself; nil also when it is not of the type any more.
    func remembered<Value: Decodable>(_ type: Value.Type, _ key: String) throws(HookToolError) -> Value? {
        guard let text = try string(key) else { return nil }
        return try? WireJSON.decode(type, from: text.utf8)
    }

    func commit() throws(HookToolError) {
        guard !changes.isEmpty else { return }
        let old = try load()
        // An empty value stands for none: forgetting a key then costs no call of its own.
        let changed = changes.filter { (old[$0.key] ?? "") != $0.value }
        guard !changed.isEmpty else { return }
        try caller.run(.stateSet, ["--file", "-"], input: try ToolCaller.encode(changed, for: .stateSet))
    }

    private func load() throws(HookToolError) -> [String: String] {
        if let stored { return stored }
        let answer = try caller.json(.stateGet, ["--format=json"], as: [String: String]?.self) ?? [:]
        stored = answer
        return answer
    }
}

/// Something that cannot be remembered, or is not what it should be.
public enum StoredStateError: Error, Hashable, CustomStringConvertible {
    /// The key is empty or too long.
    case badKey(String)
    /// The key is one of this library's own.
    case reservedKey(String)
    /// The value is too long.
    case tooLarge(key: String, size: Int)
    /// What is stored is not a value of the type asked for.
    case malformed(key: String)

    /// What happened, in words.
    public var description: String {
        switch self {
        case .badKey(let key):
            "cannot store state under \"\(key)\": a key has 1 to \(StoredState.maximumKeySize) bytes"
        case .reservedKey(let key): "cannot store state under \"\(key)\": keys that start with charmkit. are reserved"
        case .tooLarge(let key, let size):
            "cannot store \(size) bytes under \"\(key)\": the limit is \(StoredState.maximumValueSize)"
        case .malformed(let key): "cannot read the state stored under \"\(key)\": it is not of the type asked for"
        }
    }
}
