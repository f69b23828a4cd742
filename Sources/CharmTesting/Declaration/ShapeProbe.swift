// SPDX-License-Identifier: Apache-2.0

import CharmKit
import FoundationEssentials

/// What a type asks for when it is decoded: names, and as what.
///
/// Found out by decoding it once from a source that answers with defaults, or with something of the type that is asked
/// for: what the type says when the charm runs is what is checked, and nothing has to be said twice.
final class ShapeProbe {
    /// What was asked for under one name.
    struct Request {
        /// The type of option that would answer it; nil for one that any would.
        var type: CharmDeclaration.OptionType?
        /// Whether the type can do without.
        var isOptional: Bool
    }

    private(set) var requests: [String: Request] = [:]
    /// Why not everything could be found out; nil when it was.
    private(set) var incomplete: String?
    private let values: [String: JSONValue]

    // `values` are what is answered where there is one.
    init(values: [String: JSONValue]) {
        self.values = values
    }

    /// Decodes a type and records what it asks for.
    func examine(_ type: any Decodable.Type) {
        do {
            _ = try type.init(from: ProbeDecoder(probe: self))
        } catch let stop as ProbeStop {
            incomplete = stop.reason
        } catch {
            incomplete = "\(type) does not decode from what is declared: \(error)"
        }
    }

    func note(_ name: String, _ type: CharmDeclaration.OptionType?, isOptional: Bool) {
        requests[name] = Request(type: type ?? requests[name]?.type, isOptional: isOptional)
    }

    func value(_ name: String) -> JSONValue? { values[name] }
}

private struct ProbeStop: Error {
    let reason: String
}

private struct ProbeDecoder: Decoder {
    let probe: ShapeProbe
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(ProbeContainer(probe: probe))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw ProbeStop(reason: "the type is a list: it must have a property for each name")
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        throw ProbeStop(reason: "the type is one value: it must have a property for each name")
    }
}

private struct ProbeContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let probe: ShapeProbe
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    /// Asking whether a name is there is what a type does that can do without.
    func contains(_ key: Key) -> Bool {
        probe.note(key.stringValue, nil, isOptional: true)
        return probe.value(key.stringValue) != nil
    }

    func decodeNil(forKey key: Key) -> Bool {
        probe.note(key.stringValue, nil, isOptional: true)
        return probe.value(key.stringValue) == nil
    }

    private func answer<Value: Decodable>(_ type: Value.Type, _ key: Key, isOptional: Bool) throws -> Value? {
        let name = key.stringValue
        if let plain = OptionTypeOf.plain(type) {
            probe.note(name, plain, isOptional: isOptional)
        } else {
            let source = ValueProbe(probe: probe, name: name, isOptional: isOptional, key: key)
            probe.note(name, nil, isOptional: isOptional)
            // Asked for its own sake: what it reads is noted. A value is answered below.
            if let value = try? type.init(from: source) { return value }
        }
        guard let value = probe.value(name) else {
            if isOptional { return nil }
            if let some = OptionTypeOf.standIn(type) { return some }
            throw ProbeStop(reason: "\(name) cannot be checked: give it a default, make it optional or CaseIterable")
        }
        if let decoded = try? JSONDecoder().decode([Value].self, from: JSONEncoder().encode([value])).first {
            return decoded
        }
        // Of another type than declared, which is told from what was asked for.
        return OptionTypeOf.standIn(type)
    }

    private func required<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value {
        if let value = try answer(type, key, isOptional: false) { return value }
        throw ProbeStop(reason: "the default of \(key.stringValue) does not decode as \(type)")
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try required(type, key) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try required(type, key) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try required(type, key) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try required(type, key) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try required(type, key) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try required(type, key) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try required(type, key) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try required(type, key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try required(type, key) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try required(type, key) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try required(type, key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try required(type, key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try required(type, key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try required(type, key) }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try required(type, key) }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try optional(type, key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try optional(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try optional(type, key) }
    func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? { try optional(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try optional(type, key) }
    func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? { try optional(type, key) }
    func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? { try optional(type, key) }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? { try optional(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? { try optional(type, key) }
    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? { try optional(type, key) }

    private func optional<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value? {
        try answer(type, key, isOptional: true)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        throw ProbeStop(reason: "\(key.stringValue) cannot be checked: it is read as a nested value")
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw ProbeStop(reason: "\(key.stringValue) cannot be checked: it is read as a list")
    }

    func superDecoder() throws -> any Decoder { ProbeDecoder(probe: probe) }
    func superDecoder(forKey key: Key) throws -> any Decoder { ProbeDecoder(probe: probe) }
}
