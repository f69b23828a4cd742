// SPDX-License-Identifier: Apache-2.0

/// Reads the plain data in a pickle: texts, numbers, lists and dictionaries, and nothing else.
///
/// A pickle is a program, and Python runs it: one that names a class or calls something can do anything. Here there is
/// nothing to call. The instructions that name, call or build are not known, and a pickle with one of them is refused
/// whole. Workers answer remote control in pickles where tasks are pickled, as Indico's are.
struct PickleReader {
    /// Why a pickle is not read.
    enum Refusal: Error, Equatable {
        /// It would have something called or made.
        case notData(opcode: UInt8)
        /// It ends too soon, or is no pickle.
        case malformed
        /// It is larger or deeper than any answer of a worker.
        case tooLarge
    }

    /// A value while it is still being filled: others may refer to it already.
    private final class Node {
        enum Content {
            case plain(WireValue)
            case list([Node])
            case dictionary([(key: Node, value: Node)])
        }

        var content: Content

        init(_ content: Content) {
            self.content = content
        }
    }

    private static let mostInstructions = 200_000
    private static let deepest = 64

    private var bytes: ArraySlice<UInt8>
    private var stack: [Node] = []
    /// Where each mark was put, as the stack's height then.
    private var marks: [Int] = []
    private var memo: [Int: Node] = [:]
    /// How many values may still be written out: a small pickle can refer to one list very often.
    private var budget = 200_000

    /// Reads a pickle of protocol 0 to 5.
    ///
    /// - Parameter bytes: The pickle.
    /// - Returns: Its value.
    /// - Throws: `Refusal` when it is more than plain data.
    static func value(_ bytes: [UInt8]) throws(Refusal) -> WireValue {
        var reader = PickleReader(bytes: bytes[...])
        return try reader.run()
    }

    private init(bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    private mutating func run() throws(Refusal) -> WireValue {
        for _ in 0..<Self.mostInstructions {
            let opcode = try byte()
            if opcode == UInt8(ascii: ".") {
                guard let top = stack.last else { throw .malformed }
                return try written(top, depth: 0)
            }
            if try scalar(opcode) { continue }
            if try container(opcode) { continue }
            try bookkeeping(opcode)
        }
        throw .tooLarge
    }

    // MARK: - Instructions

    private mutating func scalar(_ opcode: UInt8) throws(Refusal) -> Bool {
        switch opcode {
        case UInt8(ascii: "N"): push(.null)
        case 0x88: push(.bool(true))
        case 0x89: push(.bool(false))
        case UInt8(ascii: "K"): push(.integer(Int(try unsigned(1))))
        case UInt8(ascii: "M"): push(.integer(Int(try unsigned(2))))
        case UInt8(ascii: "J"): push(.integer(Int(Int32(truncatingIfNeeded: try unsigned(4)))))
        case 0x8A: push(try long(count: Int(try unsigned(1))))
        case UInt8(ascii: "G"):
            let pattern = try take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            push(.number(Double(bitPattern: pattern)))
        case UInt8(ascii: "X"), UInt8(ascii: "T"), UInt8(ascii: "B"): push(try text(count: try unsigned(4)))
        case 0x8C, UInt8(ascii: "U"), UInt8(ascii: "C"): push(try text(count: try unsigned(1)))
        case 0x8D, 0x8E: push(try text(count: try unsigned(8)))
        default: return false
        }
        return true
    }

    private mutating func container(_ opcode: UInt8) throws(Refusal) -> Bool {
        switch opcode {
        case UInt8(ascii: "}"): stack.append(Node(.dictionary([])))
        case UInt8(ascii: "]"), UInt8(ascii: ")"): stack.append(Node(.list([])))
        case UInt8(ascii: "t"), UInt8(ascii: "l"): stack.append(Node(.list(try sinceMark())))
        case 0x85...0x87: stack.append(Node(.list(try pop(Int(opcode) - 0x84))))
        case UInt8(ascii: "d"): stack.append(Node(.dictionary(try pairs(try sinceMark()))))
        case UInt8(ascii: "a"): try extend(try pop(1))
        case UInt8(ascii: "e"): try extend(try sinceMark())
        case UInt8(ascii: "s"): try set(try pop(2))
        case UInt8(ascii: "u"): try set(try sinceMark())
        default: return false
        }
        return true
    }

    private mutating func bookkeeping(_ opcode: UInt8) throws(Refusal) {
        switch opcode {
        case 0x80: _ = try take(1)
        case 0x95: _ = try take(8)
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "0"): _ = try pop(1)
        case UInt8(ascii: "q"): try remember(Int(try unsigned(1)))
        case UInt8(ascii: "r"): try remember(Int(try unsigned(4)))
        case 0x94: try remember(memo.count)
        case UInt8(ascii: "h"): try recall(Int(try unsigned(1)))
        case UInt8(ascii: "j"): try recall(Int(try unsigned(4)))
        default: throw .notData(opcode: opcode)
        }
    }

    private mutating func remember(_ key: Int) throws(Refusal) {
        guard let top = stack.last else { throw .malformed }
        memo[key] = top
    }

    private mutating func recall(_ key: Int) throws(Refusal) {
        guard let node = memo[key] else { throw .malformed }
        stack.append(node)
    }

    private mutating func extend(_ nodes: [Node]) throws(Refusal) {
        guard let top = stack.last, case .list(let present) = top.content else { throw .malformed }
        top.content = .list(present + nodes)
    }

    private mutating func set(_ nodes: [Node]) throws(Refusal) {
        guard let top = stack.last, case .dictionary(let present) = top.content else { throw .malformed }
        top.content = .dictionary(present + (try pairs(nodes)))
    }

    private func pairs(_ nodes: [Node]) throws(Refusal) -> [(key: Node, value: Node)] {
        guard nodes.count % 2 == 0 else { throw .malformed }
        return stride(from: 0, to: nodes.count, by: 2).map { (nodes[$0], nodes[$0 + 1]) }
    }

    private mutating func push(_ value: WireValue) {
        stack.append(Node(.plain(value)))
    }

    private mutating func pop(_ count: Int) throws(Refusal) -> [Node] {
        guard stack.count - count >= (marks.last ?? 0) else { throw .malformed }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func sinceMark() throws(Refusal) -> [Node] {
        guard let mark = marks.popLast() else { throw .malformed }
        defer { stack.removeLast(stack.count - mark) }
        return Array(stack[mark...])
    }

    // MARK: - Bytes

    private mutating func byte() throws(Refusal) -> UInt8 {
        guard let byte = bytes.popFirst() else { throw .malformed }
        return byte
    }

    private mutating func take(_ count: Int) throws(Refusal) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count else { throw .malformed }
        defer { bytes = bytes.dropFirst(count) }
        return bytes.prefix(count)
    }

    private mutating func unsigned(_ count: Int) throws(Refusal) -> UInt64 {
        try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func text(count: UInt64) throws(Refusal) -> WireValue {
        .string(String(decoding: try take(Int(clamping: count)), as: UTF8.self))
    }

    /// A whole number of any length; what is too large for anybody here is nothing.
    private mutating func long(count: Int) throws(Refusal) -> WireValue {
        let digits = try take(count)
        guard count <= 8 else { return .null }
        var number = digits.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        if let last = digits.last, last >= 0x80, count < 8 { number |= UInt64.max << UInt64(8 * count) }
        return .integer(Int(Int64(bitPattern: number)))
    }

    // MARK: - The value

    private mutating func written(_ node: Node, depth: Int) throws(Refusal) -> WireValue {
        budget -= 1
        guard depth < Self.deepest, budget > 0 else { throw .tooLarge }
        switch node.content {
        case .plain(let value): return value
        case .list(let nodes):
            var values: [WireValue] = []
            for node in nodes { values.append(try written(node, depth: depth + 1)) }
            return .array(values)
        case .dictionary(let pairs):
            var values: [String: WireValue] = [:]
            for (key, value) in pairs {
                // Keys that are no text, such as a signal's number, belong to values nobody here needs.
                guard case .plain(.string(let name)) = key.content else { continue }
                values[name] = try written(value, depth: depth + 1)
            }
            return .object(values)
        }
    }
}
