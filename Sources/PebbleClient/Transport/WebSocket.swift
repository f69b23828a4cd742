// SPDX-License-Identifier: Apache-2.0
import PebbleAPI

/// A message from the other side of a WebSocket.
enum WebSocketMessage: Hashable {
    case text(String)
    case binary([UInt8])
    /// No more messages: a close frame, or the end of the connection.
    case closed
}

/// The client's end of a WebSocket that never blocks: what cannot be written yet is kept.
struct WebSocket {
    private enum Operation: UInt8 {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10
    }

    /// The largest message we take; the server sends 128 KiB.
    private static let messageLimit = 16 << 20

    let stream: UnixStream
    private var incoming: [UInt8]
    private var consumed = 0
    private var outgoing: [UInt8] = []
    private var fragments: (operation: Operation, bytes: [UInt8])?
    private(set) var isClosed = false

    /// Takes over a connection that was upgraded, with the bytes read beyond the reply.
    init(stream: UnixStream, leftover: [UInt8]) {
        self.stream = stream
        incoming = leftover
    }

    /// How many bytes wait to be written.
    var backlog: Int { outgoing.count }

    mutating func send(text: String) {
        queue(.text, Array(text.utf8))
    }

    mutating func send(binary: [UInt8]) {
        queue(.binary, binary)
    }

    mutating func sendClose() {
        queue(.close, [0x03, 0xE8])
    }

    /// Adds a masked frame, as clients must send them.
    private mutating func queue(_ operation: Operation, _ payload: [UInt8]) {
        outgoing.append(0x80 | operation.rawValue)
        switch payload.count {
        case 0..<126:
            outgoing.append(0x80 | UInt8(payload.count))
        case 126...0xFFFF:
            outgoing += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default:
            outgoing.append(0x80 | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                outgoing.append(UInt8(truncatingIfNeeded: payload.count >> shift))
            }
        }
        let mask = (0..<4).map { _ in UInt8.random(in: .min ... .max) }
        outgoing += mask
        let start = outgoing.count
        outgoing += payload
        for index in payload.indices { outgoing[start + index] ^= mask[index & 3] }
    }

    /// Writes what there is room for; what nobody will read any more is dropped, since there may still be output to read.
    mutating func flush() throws(StreamError) {
        while !outgoing.isEmpty {
            let written: Int
            do throws(StreamError) {
                written = try stream.writeIfReady(outgoing[...])
            } catch {
                guard case .closed = error else { throw error }
                outgoing = []
                return
            }
            if written == 0 { return }
            outgoing.removeFirst(written)
        }
    }

    /// Reads what is there and gives the messages that are complete.
    mutating func receive() throws -> [WebSocketMessage] {
        var messages: [WebSocketMessage] = []
        if let bytes = try stream.readIfReady(atMost: 1 << 17) {
            incoming += bytes
            if bytes.isEmpty { isClosed = true }
        }
        while let (operation, isFinal, payload) = try frame() {
            if let message = try take(operation, isFinal, payload) { messages.append(message) }
        }
        if isClosed { messages.append(.closed) }
        return messages
    }

    private mutating func take(
        _ operation: Operation,
        _ isFinal: Bool,
        _ payload: [UInt8]
    ) throws(MalformedReply) -> WebSocketMessage? {
        switch operation {
        case .close:
            isClosed = true
            return nil
        case .ping:
            queue(.pong, payload)
            return nil
        case .pong:
            return nil
        case .text, .binary:
            if fragments != nil { throw MalformedReply(reason: "a message inside a message") }
            if isFinal { return message(operation, payload) }
            fragments = (operation, payload)
            return nil
        case .continuation:
            guard let (first, begun) = fragments else { throw MalformedReply(reason: "a fragment of no message") }
            let bytes = begun + payload
            if bytes.count > Self.messageLimit { throw MalformedReply(reason: "a message is too long") }
            fragments = isFinal ? nil : (first, bytes)
            return isFinal ? message(first, bytes) : nil
        }
    }

    private func message(_ operation: Operation, _ bytes: [UInt8]) -> WebSocketMessage {
        operation == .text ? .text(String(decoding: bytes, as: UTF8.self)) : .binary(bytes)
    }

    /// The next whole frame in what was read; nil when there is none yet.
    private mutating func frame() throws(MalformedReply) -> (Operation, Bool, [UInt8])? {
        let available = incoming.count - consumed
        guard available >= 2 else { return nil }
        let first = incoming[consumed]
        let second = incoming[consumed + 1]
        guard first & 0x70 == 0, second & 0x80 == 0, let operation = Operation(rawValue: first & 0x0F) else {
            throw MalformedReply(reason: "not a frame of a WebSocket")
        }
        var header = 2
        var length = Int(second & 0x7F)
        if length >= 126 {
            let width = length == 126 ? 2 : 8
            guard available >= header + width else { return nil }
            var number: UInt64 = 0
            for index in 0..<width { number = number << 8 | UInt64(incoming[consumed + header + index]) }
            guard number <= UInt64(Self.messageLimit) else { throw MalformedReply(reason: "a message is too long") }
            length = Int(number)
            header += width
        }
        guard available >= header + length else { return nil }
        let start = consumed + header
        let payload = Array(incoming[start..<(start + length)])
        consumed = start + length
        if consumed == incoming.count || consumed > 1 << 20 {
            incoming.removeFirst(consumed)
            consumed = 0
        }
        return (operation, first & 0x80 != 0, payload)
    }
}

extension PebbleClient {
    /// Opens a WebSocket of a task.
    func openWebSocket(_ path: String, deadline: Deadline, limit: Duration?) throws(PebbleClientError) -> WebSocket {
        let key = Base64.text(of: (0..<16).map { _ in UInt8.random(in: .min ... .max) })
        var request = get(path)
        request.headers = [
            ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", key),
        ]
        return try exchange(request, deadline: deadline, limit: limit) { head, reader in
            if head.status == 101 { return WebSocket(stream: reader.stream, leftover: reader.leftover) }
            let reply = HTTPReply(head: head, body: try reader.rest(deadline: deadline))
            _ = try envelope(reply, NoResult.self, of: request)
            throw MalformedReply(reason: "status \(head.status), not a WebSocket")
        }
    }
}
