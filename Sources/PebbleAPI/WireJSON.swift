// SPDX-License-Identifier: Apache-2.0
package import FoundationEssentials

/// How the API writes and reads JSON: keys sorted, slashes as they are.
package enum WireJSON {
    /// Encodes a value on one line.
    package static func bytes(of value: some Encodable) throws -> [UInt8] {
        try JSONWriting.bytes(of: value)
    }

    /// Encodes a value on one line, for those who want it as data.
    package static func encode(_ value: some Encodable) throws -> Data {
        Data(try bytes(of: value))
    }

    /// Encodes a value over several lines, for people.
    package static func encodePretty(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys, .prettyPrinted]
        return try encoder.encode(value)
    }

    /// Decodes a value from a whole JSON text.
    package static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        try JSONDecoder().decode(type, from: data)
    }
}

extension KeyedDecodingContainer {
    /// The value of a key, or a default when it is absent or null.
    func value<Value: Decodable>(_ key: Key, or fallback: Value) throws -> Value {
        try decodeIfPresent(Value.self, forKey: key) ?? fallback
    }
}
