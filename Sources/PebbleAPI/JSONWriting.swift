// SPDX-License-Identifier: Apache-2.0

// Foundation's encoder first makes a tree of the value and then text of the tree; with a reply of ten services that was
// two fifths of all a request costs the daemon. What is here writes the text at once and is no more than that: no
// strategies, no indentation, and containers that are used one after the other, as all of ours are.

/// Writes values as JSON, on one line, keys sorted, slashes as they are.
enum JSONWriting {
    static func bytes(of value: some Encodable) throws -> [UInt8] {
        let text = JSONTextBuffer()
        let frame = JSONFrame(text)
        try value.encode(to: FrameEncoder(frame: frame))
        try frame.close()
        return text.bytes
    }
}

/// The text as far as it is written.
final class JSONTextBuffer {
    var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(512) }

    func put(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    func put(byte: Unicode.Scalar) { bytes.append(UInt8(ascii: byte)) }

    func put(quoted text: String) {
        var text = text
        put(byte: "\"")
        text.withUTF8 { utf8 in
            var rest = utf8[...]
            while let special = rest.firstIndex(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) {
                bytes.append(contentsOf: rest[..<special])
                put(escaped: rest[special])
                rest = rest[(special + 1)...]
            }
            bytes.append(contentsOf: rest)
        }
        put(byte: "\"")
    }

    private func put(escaped byte: UInt8) {
        switch byte {
        case 0x22: put("\\\"")
        case 0x5C: put("\\\\")
        case 0x08: put("\\b")
        case 0x0C: put("\\f")
        case 0x0A: put("\\n")
        case 0x0D: put("\\r")
        case 0x09: put("\\t")
        default:
            put(byte < 0x10 ? "\\u000" : "\\u001")
            bytes.append(contentsOf: String(byte & 15, radix: 16).utf8)
        }
    }

    func put(number: some BinaryInteger) {
        bytes.append(contentsOf: String(number).utf8)
    }

    /// A whole number has no fraction, also when it is kept as one that could.
    func put(number: Double) throws {
        guard number.isFinite else {
            let context = EncodingError.Context(codingPath: [], debugDescription: "JSON has no word for \(number)")
            throw EncodingError.invalidValue(number, context)
        }
        let text = number.description
        bytes.append(contentsOf: text.hasSuffix(".0") ? text.utf8.dropLast(2) : text.utf8[...])
    }
}

/// One value that is being written.
final class JSONFrame {
    private enum Shape {
        case nothing
        case single
        case object
        case array
    }

    let text: JSONTextBuffer
    private var shape = Shape.nothing
    private var isClosed = false
    /// The container in this one that was begun last, and is over when anything else is written here.
    private var inner: JSONFrame?
    private(set) var count = 0
    /// Where the members of an object begin, to be put in order at its end; most are written in order.
    private var members: [(key: String, start: Int)] = []
    private var isSorted = true

    init(_ text: JSONTextBuffer) { self.text = text }

    /// Makes ready for the one value there is.
    func beginSingle() throws {
        try beginAnything(.single)
        guard count == 0 else { throw Self.misuse("two values in place of one") }
        count = 1
    }

    /// Makes ready for the value of a key.
    func beginMember(_ key: String) throws {
        try beginAnything(.object)
        if count > 0 { text.put(byte: ",") }
        if let last = members.last, last.key > key { isSorted = false }
        members.append((key, text.bytes.count))
        count += 1
        text.put(quoted: key)
        text.put(byte: ":")
    }

    /// Makes ready for the next value of an array.
    func beginElement() throws {
        try beginAnything(.array)
        if count > 0 { text.put(byte: ",") }
        count += 1
    }

    /// A container without anything in it is one nevertheless.
    func open(isArray: Bool) throws {
        try beginAnything(isArray ? .array : .object)
    }

    private func beginAnything(_ wanted: Shape) throws {
        try inner?.close()
        inner = nil
        guard !isClosed else { throw Self.misuse("a container that is written to after another one was") }
        if shape == .nothing {
            shape = wanted
            if shape == .object { text.put(byte: "{") }
            if shape == .array { text.put(byte: "[") }
        }
        guard shape == wanted else { throw Self.misuse("two containers of different sorts for one value") }
    }

    /// Writes a value where one was made ready for.
    func put(_ value: some Encodable) throws {
        let frame = JSONFrame(text)
        try value.encode(to: FrameEncoder(frame: frame))
        try frame.close()
    }

    /// A container for a value that was made ready for.
    func nest() -> JSONFrame {
        let frame = JSONFrame(text)
        inner = frame
        return frame
    }

    func close() throws {
        try inner?.close()
        inner = nil
        guard !isClosed else { return }
        isClosed = true
        switch shape {
        case .nothing: text.put("{}")
        case .single: if count == 0 { text.put("{}") }
        case .array: text.put(byte: "]")
        case .object:
            if !isSorted { sort() }
            text.put(byte: "}")
        }
    }

    private func sort() {
        let ends = members.dropFirst().map { $0.start - 1 } + [text.bytes.count]
        let order = members.indices.sorted { members[$0].key < members[$1].key }
        var sorted: [UInt8] = []
        for index in order {
            if !sorted.isEmpty { sorted.append(UInt8(ascii: ",")) }
            sorted += text.bytes[members[index].start..<ends[index]]
        }
        text.bytes.replaceSubrange(members[0].start..., with: sorted)
    }

    private static func misuse(_ what: String) -> EncodingError {
        let message = "cannot write as JSON: \(what)"
        return .invalidValue(what, EncodingError.Context(codingPath: [], debugDescription: message))
    }
}
