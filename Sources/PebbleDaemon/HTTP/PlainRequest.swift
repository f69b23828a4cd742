// SPDX-License-Identifier: Apache-2.0

/// The request of a client that looks whether anything has changed: a `GET`, whole, of a plain target, with headers
/// that change nothing.
///
/// Nearly all requests a daemon gets are of this kind, and nine tenths of what they cost is the taking apart of any
/// request there might be. What is not plainly one of these is left to who can do that.
enum PlainRequest {
    private static let longest = 2048
    private static let start = Array("GET /v1/".utf8)
    private static let end = Array(" HTTP/1.1\r\n".utf8)
    /// What clients say about themselves.
    private static let harmless = ["host", "user-agent", "accept", "accept-encoding"].map { Array($0.utf8) }
    private static let connection = Array("connection".utf8)
    private static let keepAlive = Array("keep-alive".utf8)

    /// The target of the one request that all these bytes are; nil if they are anything else.
    static func target(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard bytes.count <= longest, bytes.starts(with: start) else { return nil }
        var index = start.count
        while index < bytes.count, isPlain(bytes[index]) { index += 1 }
        let target = bytes[4..<index]
        guard bytes[index...].starts(with: end) else { return nil }
        index += end.count
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\r") {
                guard index + 2 == bytes.count, bytes[index + 1] == UInt8(ascii: "\n") else { return nil }
                return String(decoding: target, as: UTF8.self)
            }
            guard let next = skipHeader(bytes, from: index) else { return nil }
            index = next
        }
        return nil
    }

    /// Where the header that begins at a place ends, if it is one that changes nothing.
    private static func skipHeader(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start
        while index < bytes.count, bytes[index] != UInt8(ascii: ":") {
            guard isLetter(bytes[index]) || bytes[index] == UInt8(ascii: "-") else { return nil }
            index += 1
        }
        let name = bytes[start..<index]
        index += 1
        let valueStart = index
        while index < bytes.count, (0x20...0x7e).contains(bytes[index]) { index += 1 }
        guard index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\r"), bytes[index + 1] == UInt8(ascii: "\n") else {
            return nil
        }
        if !harmless.contains(where: { isSame(name, $0) }) {
            let value = bytes[valueStart..<index].drop { $0 == UInt8(ascii: " ") }
            guard isSame(name, connection), isSame(value, keepAlive) else { return nil }
        }
        return index + 2
    }

    private static func isSame(_ text: Slice<UnsafeRawBufferPointer>, _ lowercase: [UInt8]) -> Bool {
        text.count == lowercase.count && zip(text, lowercase).allSatisfy { $0 | 0x20 == $1 }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    /// Whether a byte of a target means itself and nothing else.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."), UInt8(ascii: "~"), UInt8(ascii: "?"), UInt8(ascii: "="), UInt8(ascii: "&"),
            UInt8(ascii: ","):
            true
        default:
            isLetter(byte)
        }
    }
}
