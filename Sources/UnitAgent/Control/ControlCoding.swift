// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// The JSON of the control socket and of the columns of the model store.
enum AgentJSON {
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return Array(try encoder.encode(value))
    }

    static func text(_ value: some Encodable) throws -> String { String(decoding: try encode(value), as: UTF8.self) }

    static func decode<Value: Decodable>(_ type: Value.Type = Value.self, from bytes: [UInt8]) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }

    static func decode<Value: Decodable>(_ type: Value.Type = Value.self, from text: String) throws -> Value {
        try decode(type, from: Array(text.utf8))
    }
}

extension LocalConnection {
    /// Sends one message as a line of JSON.
    func send(_ message: some Encodable) throws { try write(try AgentJSON.encode(message) + [10]) }

    /// Receives one message, or `nil` at the end.
    mutating func receive<Message: Decodable>(_ type: Message.Type) throws -> Message? {
        guard let line = try readLine() else { return nil }
        return try AgentJSON.decode(type, from: line)
    }
}
