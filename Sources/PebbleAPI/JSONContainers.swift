// SPDX-License-Identifier: Apache-2.0

/// What `Encodable` values are written to: see ``JSONWriting``.
struct FrameEncoder: Encoder {
    let frame: JSONFrame

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(ObjectContainer(frame: frame))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { ArrayContainer(frame: frame) }

    func singleValueContainer() -> any SingleValueEncodingContainer { ValueContainer(frame: frame) }
}

private struct ObjectContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let frame: JSONFrame

    /// Asking for a container cannot fail, so what is wrong is known when something is written.
    init(frame: JSONFrame) {
        self.frame = frame
        _ = Result { try frame.open(isArray: false) }
    }

    var codingPath: [any CodingKey] { [] }

    private func put(_ key: Key, _ write: (JSONTextBuffer) throws -> Void) throws {
        try frame.beginMember(key.stringValue)
        try write(frame.text)
    }

    mutating func encodeNil(forKey key: Key) throws { try put(key) { $0.put("null") } }
    mutating func encode(_ value: Bool, forKey key: Key) throws { try put(key) { $0.put(value ? "true" : "false") } }
    mutating func encode(_ value: String, forKey key: Key) throws { try put(key) { $0.put(quoted: value) } }
    mutating func encode(_ value: Double, forKey key: Key) throws { try put(key) { try $0.put(number: value) } }
    mutating func encode(_ value: Int, forKey key: Key) throws { try put(key) { $0.put(number: value) } }
    mutating func encode(_ value: Int64, forKey key: Key) throws { try put(key) { $0.put(number: value) } }

    mutating func encode(_ value: some Encodable, forKey key: Key) throws {
        try frame.beginMember(key.stringValue)
        try frame.put(value)
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        _ = Result { try frame.beginMember(key.stringValue) }
        return KeyedEncodingContainer(ObjectContainer<NestedKey>(frame: frame.nest()))
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        _ = Result { try frame.beginMember(key.stringValue) }
        return ArrayContainer(frame: frame.nest())
    }

    mutating func superEncoder() -> any Encoder {
        _ = Result { try frame.beginMember("super") }
        return FrameEncoder(frame: frame.nest())
    }

    mutating func superEncoder(forKey key: Key) -> any Encoder {
        _ = Result { try frame.beginMember(key.stringValue) }
        return FrameEncoder(frame: frame.nest())
    }
}

private struct ArrayContainer: UnkeyedEncodingContainer {
    let frame: JSONFrame

    init(frame: JSONFrame) {
        self.frame = frame
        _ = Result { try frame.open(isArray: true) }
    }

    var codingPath: [any CodingKey] { [] }
    var count: Int { frame.count }

    mutating func encodeNil() throws {
        try frame.beginElement()
        frame.text.put("null")
    }

    mutating func encode(_ value: String) throws {
        try frame.beginElement()
        frame.text.put(quoted: value)
    }

    mutating func encode(_ value: some Encodable) throws {
        try frame.beginElement()
        try frame.put(value)
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type
    ) -> KeyedEncodingContainer<NestedKey> {
        _ = Result { try frame.beginElement() }
        return KeyedEncodingContainer(ObjectContainer<NestedKey>(frame: frame.nest()))
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        _ = Result { try frame.beginElement() }
        return ArrayContainer(frame: frame.nest())
    }

    mutating func superEncoder() -> any Encoder {
        _ = Result { try frame.beginElement() }
        return FrameEncoder(frame: frame.nest())
    }
}

private struct ValueContainer: SingleValueEncodingContainer {
    let frame: JSONFrame

    var codingPath: [any CodingKey] { [] }

    private func put(_ write: (JSONTextBuffer) throws -> Void) throws {
        try frame.beginSingle()
        try write(frame.text)
    }

    mutating func encodeNil() throws { try put { $0.put("null") } }
    mutating func encode(_ value: Bool) throws { try put { $0.put(value ? "true" : "false") } }
    mutating func encode(_ value: String) throws { try put { $0.put(quoted: value) } }
    mutating func encode(_ value: Double) throws { try put { try $0.put(number: value) } }
    mutating func encode(_ value: Float) throws { try put { try $0.put(number: Double(value)) } }
    mutating func encode(_ value: Int) throws { try put { $0.put(number: value) } }
    mutating func encode(_ value: Int8) throws { try put { $0.put(number: value) } }
    mutating func encode(_ value: Int16) throws { try put { $0.put(number: value) } }
    mutating func encode(_ value: Int32) throws { try put { $0.put(number: value) } }
    mutating func encode(_ value: Int64) throws { try put { $0.put(number: value) } }
    mutating func encode(_ value: UInt) throws { try put { $0.put(number: value) } }
    mutating func encode(_ value: UInt8) throws { try put { $0.put(number: value) } }
    mutating func encode(_ value: UInt16) throws { try put { $0.put(number: value) } }
    mutating func encode(_ value: UInt32) throws { try put { $0.put(number: value) } }
    mutating func encode(_ value: UInt64) throws { try put { $0.put(number: value) } }

    mutating func encode(_ value: some Encodable) throws {
        try frame.beginSingle()
        try frame.put(value)
    }
}
