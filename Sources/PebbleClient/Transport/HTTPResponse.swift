// SPDX-License-Identifier: Apache-2.0

/// The first lines of a reply.
struct HTTPHead {
    var status: Int
    /// Header fields by their name in lower case; of several with a name, the first.
    var fields: [String: String]

    /// Reads the lines of a head, without the empty one at its end.
    init?(_ lines: [Substring]) {
        guard let first = lines.first else { return nil }
        let parts = first.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else { return nil }
        self.status = status
        fields = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let name = line[..<colon].lowercased()
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            if fields[name] == nil { fields[name] = String(value) }
        }
    }
}

/// What a reply is not.
struct MalformedReply: Error {
    var reason: String
}

/// Reads one reply from a stream: its head, then its body piece by piece.
struct HTTPReplyReader {
    /// The largest head we take.
    private static let headLimit = 1 << 20

    private enum Body {
        case length(Int)
        case chunk(Int)
        case chunkHead
        case untilClose
        case done
    }

    let stream: UnixStream
    private var buffer: [UInt8] = []
    private var consumed = 0
    private var body = Body.done

    init(_ stream: UnixStream) {
        self.stream = stream
    }

    /// What came after the head of an upgraded connection.
    var leftover: [UInt8] { Array(buffer[consumed...]) }

    /// Reads the head, and the heads of any interim replies before it.
    mutating func head(deadline: Deadline) throws -> HTTPHead {
        while true {
            var lines: [Substring] = []
            while true {
                let line = try line(deadline: deadline)
                if line.isEmpty { break }
                lines.append(Substring(line))
                if lines.count > 200 { throw MalformedReply(reason: "more than 200 header lines") }
            }
            guard let head = HTTPHead(lines) else { throw MalformedReply(reason: "not an HTTP reply") }
            if head.status == 101 { return head }
            if head.status < 200 { continue }
            if head.fields["transfer-encoding"]?.lowercased() == "chunked" {
                body = .chunkHead
            } else if let length = head.fields["content-length"] {
                guard let count = Int(length), count >= 0 else { throw MalformedReply(reason: "bad content length") }
                body = count == 0 ? .done : .length(count)
            } else {
                body = head.status == 204 || head.status == 304 ? .done : .untilClose
            }
            return head
        }
    }

    /// The next piece of the body; nil at its end.
    mutating func next(deadline: Deadline) throws -> [UInt8]? {
        while true {
            switch body {
            case .done:
                return nil
            case .untilClose:
                if consumed == buffer.count, try fill(deadline: deadline).isEmpty {
                    body = .done
                    return nil
                }
                return take(buffer.count - consumed)
            case .length(let rest):
                let piece = try some(atMost: rest, deadline: deadline)
                body = piece.count == rest ? .done : .length(rest - piece.count)
                return piece
            case .chunk(let rest):
                let piece = try some(atMost: rest, deadline: deadline)
                if piece.count == rest {
                    guard try line(deadline: deadline).isEmpty else { throw MalformedReply(reason: "bad chunk end") }
                    body = .chunkHead
                } else {
                    body = .chunk(rest - piece.count)
                }
                return piece
            case .chunkHead:
                let size = try line(deadline: deadline).prefix { $0 != ";" }
                guard let count = Int(size, radix: 16), count >= 0 else {
                    throw MalformedReply(reason: "bad chunk size")
                }
                if count == 0 {
                    while try !line(deadline: deadline).isEmpty {}
                    body = .done
                } else {
                    body = .chunk(count)
                }
            }
        }
    }

    /// The whole body, or what is left of it.
    mutating func rest(deadline: Deadline) throws -> [UInt8] {
        var whole: [UInt8] = []
        while let piece = try next(deadline: deadline) { whole += piece }
        return whole
    }

    /// Some bytes of the body, at least one.
    private mutating func some(atMost count: Int, deadline: Deadline) throws -> [UInt8] {
        if consumed == buffer.count, try fill(deadline: deadline).isEmpty {
            throw MalformedReply(reason: "the connection closed in the middle of a reply")
        }
        return take(min(count, buffer.count - consumed))
    }

    private mutating func take(_ count: Int) -> [UInt8] {
        let piece = Array(buffer[consumed..<(consumed + count)])
        consumed += count
        if consumed == buffer.count {
            buffer = []
            consumed = 0
        }
        return piece
    }

    /// Reads more into the buffer and says what; empty when the other side has ended.
    private mutating func fill(deadline: Deadline) throws -> [UInt8] {
        let piece = try stream.read(atMost: 1 << 16, deadline: deadline)
        buffer += piece
        return piece
    }

    /// The next line, without its end.
    private mutating func line(deadline: Deadline) throws -> String {
        var searched = consumed
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                var bytes = take(end + 1 - consumed)
                bytes.removeLast()
                if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
                return String(decoding: bytes, as: UTF8.self)
            }
            searched = buffer.count
            if buffer.count - consumed > Self.headLimit { throw MalformedReply(reason: "a header line has no end") }
            if try fill(deadline: deadline).isEmpty {
                throw MalformedReply(reason: "the connection closed before a reply")
            }
        }
    }
}
