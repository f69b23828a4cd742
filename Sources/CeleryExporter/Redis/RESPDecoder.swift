// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Reads Redis' replies off a connection.
struct RESPDecoder: ByteToMessageDecoder {
    typealias InboundOut = RESPValue

    /// What a peer sent that is not the protocol, or more than anybody needs.
    struct Malformed: Error, CustomStringConvertible, Equatable {
        let problem: String

        var description: String { "the broker does not speak Redis' protocol: \(problem)" }
    }

    /// How large replies may be.
    struct Limits: Sendable {
        /// The longest run of bytes.
        var bulkBytes = 16 * 1024 * 1024
        /// The most values in one array.
        var elements = 1_000_000
        /// How deep arrays may lie in each other.
        var depth = 8
        /// The longest line of text.
        var lineBytes = 64 * 1024
    }

    private let limits: Limits

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        guard let value = try read(&buffer) else { return .needMoreData }
        context.fireChannelRead(wrapInboundOut(value))
        return .continue
    }

    mutating func decodeLast(
        context: ChannelHandlerContext,
        buffer: inout ByteBuffer,
        seenEOF: Bool
    ) throws -> DecodingState {
        // Half a value at the end is a connection that broke, which its reader sees as its end.
        try decode(context: context, buffer: &buffer)
    }

    /// Reads one value, or nothing while part of it is still missing.
    ///
    /// - Parameter buffer: What was received; a whole value is taken off it.
    /// - Returns: The value.
    /// - Throws: `Malformed` where it is none.
    func read(_ buffer: inout ByteBuffer) throws -> RESPValue? {
        var attempt = buffer
        guard let value = try value(&attempt, depth: 0) else { return nil }
        buffer = attempt
        return value
    }

    private func value(_ buffer: inout ByteBuffer, depth: Int) throws -> RESPValue? {
        guard depth < limits.depth else { throw Malformed(problem: "arrays too deep") }
        guard let line = try line(&buffer) else { return nil }
        let text = String(decoding: line.dropFirst(), as: UTF8.self)
        switch line.first {
        case UInt8(ascii: "+"): return .simple(text)
        case UInt8(ascii: "-"): return .error(text)
        case UInt8(ascii: ":"): return .integer(try number(text, atMost: .max))
        case UInt8(ascii: "$"):
            let count = try number(text, atMost: limits.bulkBytes)
            if count < 0 { return .bulk(nil) }
            guard buffer.readableBytes >= count + 2, let bytes = buffer.readBytes(length: count) else { return nil }
            guard buffer.readBytes(length: 2) == [0x0D, 0x0A] else { throw Malformed(problem: "bytes without an end") }
            return .bulk(bytes)
        case UInt8(ascii: "*"):
            let count = try number(text, atMost: limits.elements)
            if count < 0 { return .array(nil) }
            var values: [RESPValue] = []
            for _ in 0..<count {
                guard let value = try value(&buffer, depth: depth + 1) else { return nil }
                values.append(value)
            }
            return .array(values)
        default: throw Malformed(problem: "a reply of an unknown kind")
        }
    }

    private func number(_ text: String, atMost limit: Int) throws -> Int {
        guard let number = Int(text) else { throw Malformed(problem: "a number that is none") }
        guard number <= limit else { throw Malformed(problem: "a reply too large") }
        return number
    }

    private func line(_ buffer: inout ByteBuffer) throws -> [UInt8]? {
        let view = buffer.readableBytesView.prefix(limits.lineBytes)
        guard let end = view.firstIndex(of: 0x0D) else {
            guard view.count < limits.lineBytes else { throw Malformed(problem: "a line too long") }
            return nil
        }
        let length = end - view.startIndex
        guard buffer.readableBytes >= length + 2 else { return nil }
        let bytes = buffer.readBytes(length: length + 2)
        guard let bytes, bytes.last == 0x0A, length > 0 else { throw Malformed(problem: "a line without an end") }
        return Array(bytes.dropLast(2))
    }
}
