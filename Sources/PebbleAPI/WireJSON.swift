// SPDX-License-Identifier: Apache-2.0

/// How the API writes and reads JSON: keys sorted, slashes as they are.
package enum WireJSON {
    /// Encodes a value on one line.
    package static func bytes(of value: some Encodable) throws -> [UInt8] {
        try JSONWriting.bytes(of: value)
    }

    /// Encodes a value on one line, as text.
    package static func text(of value: some Encodable) throws -> String {
        String(decoding: try bytes(of: value), as: UTF8.self)
    }

    /// Decodes a value from a whole JSON text.
    package static func decode<Value: Decodable>(
        _ type: Value.Type,
        from text: some Sequence<UInt8>
    ) throws -> Value {
        try JSONReading.decode(type, from: text)
    }

    /// Decodes a value from one that was read.
    package static func decode<Value: Decodable>(_ type: Value.Type, from value: JSONValue) throws -> Value {
        try JSONReading.decode(type, from: value)
    }
}

extension KeyedDecodingContainer {
    /// The value of a key, or a default when it is absent or null.
    func value<Value: Decodable>(_ key: Key, or fallback: Value) throws -> Value {
        try decodeIfPresent(Value.self, forKey: key) ?? fallback
    }
}
