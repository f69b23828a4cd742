// SPDX-License-Identifier: Apache-2.0

import CharmKit
import FoundationEssentials

/// One name as a type of the charm's own reads it, an enumeration of texts for one: notes as what, and answers.
struct ValueProbe: Decoder {
    let probe: ShapeProbe
    let name: String
    let isOptional: Bool
    let key: any CodingKey
    var codingPath: [any CodingKey] { [key] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    struct NotOneValue: Error {}

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        throw NotOneValue()
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw NotOneValue() }

    func singleValueContainer() -> any SingleValueDecodingContainer { Container(source: self) }

    private struct Container: SingleValueDecodingContainer {
        let source: ValueProbe
        var codingPath: [any CodingKey] { source.codingPath }

        func decodeNil() -> Bool { false }

        private func answer<Value: Decodable>(_ type: Value.Type) throws -> Value {
            source.probe.note(source.name, OptionTypeOf.plain(type), isOptional: source.isOptional)
            guard let value = source.probe.value(source.name),
                let decoded = try JSONDecoder().decode([Value].self, from: JSONEncoder().encode([value])).first
            else { throw NotOneValue() }
            return decoded
        }

        func decode(_ type: Bool.Type) throws -> Bool { try answer(type) }
        func decode(_ type: String.Type) throws -> String { try answer(type) }
        func decode(_ type: Double.Type) throws -> Double { try answer(type) }
        func decode(_ type: Float.Type) throws -> Float { try answer(type) }
        func decode(_ type: Int.Type) throws -> Int { try answer(type) }
        func decode(_ type: Int8.Type) throws -> Int8 { try answer(type) }
        func decode(_ type: Int16.Type) throws -> Int16 { try answer(type) }
        func decode(_ type: Int32.Type) throws -> Int32 { try answer(type) }
        func decode(_ type: Int64.Type) throws -> Int64 { try answer(type) }
        func decode(_ type: UInt.Type) throws -> UInt { try answer(type) }
        func decode(_ type: UInt8.Type) throws -> UInt8 { try answer(type) }
        func decode(_ type: UInt16.Type) throws -> UInt16 { try answer(type) }
        func decode(_ type: UInt32.Type) throws -> UInt32 { try answer(type) }
        func decode(_ type: UInt64.Type) throws -> UInt64 { try answer(type) }
        func decode<T: Decodable>(_ type: T.Type) throws -> T { try answer(type) }
    }
}

/// Which type of option a Swift type reads.
enum OptionTypeOf {
    /// The type of option; nil for a type of the charm's own.
    static func plain(_ type: any Any.Type) -> CharmDeclaration.OptionType? {
        switch type {
        case is SecretOption.Type: .secret
        case is String.Type, is URL.Type: .string
        case is Bool.Type: .boolean
        case is any FixedWidthInteger.Type: .int
        case is any BinaryFloatingPoint.Type: .float
        default: nil
        }
    }

    /// Some value of a type, for what has no default.
    static func standIn<Value>(_ type: Value.Type) -> Value? {
        let plain: Any? =
            switch type {
            case is String.Type: ""
            case is Bool.Type: false
            case is SecretOption.Type: SecretOption(id: "secret:standin0000000000000")
            case is URL.Type: URL(string: "https://example.com")
            case let numeric as any Numeric.Type: zero(numeric)
            case let cases as any CaseIterable.Type: first(cases)
            default: nil
            }
        return plain as? Value
    }

    private static func zero<Number: Numeric>(_ type: Number.Type) -> Number { .zero }

    private static func first<Cases: CaseIterable>(_ type: Cases.Type) -> Cases? { type.allCases.first }
}
