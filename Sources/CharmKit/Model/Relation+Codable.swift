// SPDX-License-Identifier: Apache-2.0

import PebbleAPI

extension Relation {
    /// Reads a databag into a type, each property from the JSON text under its coding key.
    ///
    /// Keys the type does not know are ignored, as a newer remote side may write more.
    ///
    /// - Parameters:
    ///   - type: The type.
    ///   - owner: Whose databag.
    /// - Returns: The value.
    /// - Throws: ``DatabagError/malformed(relation:owner:key:problem:)`` naming the key that is missing, is not JSON or
    ///   does not fit; and what ``data(_:)`` throws.
    public func load<Value: Decodable>(_ type: Value.Type, from owner: DatabagOwner) throws -> Value {
        var object: [String: JSONValue] = [:]
        for (key, text) in try data(owner) {
            // Only keys the type asks for matter, so one that is not JSON is kept as text: Juju writes such itself.
            let value = try? JSONReading.value(of: text.utf8)
            object[key] = value ?? .string(text)
        }
        return try decodeNamed(.object(object)) {
            DatabagError.malformed(relation: id, owner: owner, key: $0, problem: $1)
        }
    }

    /// Writes a value to an own databag, each property as JSON text under its coding key.
    ///
    /// The text is stable, so that an unchanged value causes no change event at the other end.
    ///
    /// - Parameters:
    ///   - value: The value; it must encode as an object.
    ///   - owner: Whose databag, as for ``set(_:in:)``.
    /// - Throws: An `EncodingError` when the value is not an object; and what ``set(_:in:)`` throws.
    public func save(_ value: some Encodable, in owner: DatabagOwner) throws {
        let object = try WireJSON.decode([String: JSONValue].self, from: try WireJSON.bytes(of: value))
        var texts: [String: String] = [:]
        for (key, field) in object {
            texts[key] = try WireJSON.text(of: field)
        }
        try set(texts, in: owner)
    }
}
