// SPDX-License-Identifier: Apache-2.0
import NIOCore
import SeededTesting
import Testing

@testable import CeleryExporter

@Suite struct RESPDecoderTests {
    @Test(arguments: [
        ("+OK\r\n", RESPValue.simple("OK")), ("-ERR no\r\n", .error("ERR no")), (":-3\r\n", .integer(-3)),
        ("$5\r\na\r\nbc\r\n", .bulk(Array("a\r\nbc".utf8))), ("$0\r\n\r\n", .bulk([])), ("$-1\r\n", .bulk(nil)),
        ("*-1\r\n", .array(nil)), ("*0\r\n", .array([])),
        ("*2\r\n$1\r\na\r\n*1\r\n:7\r\n", .array([.bulk([0x61]), .array([.integer(7)])])),
    ])
    func `a value is read whole, and not before it is whole`(text: String, value: RESPValue) throws {
        let decoder = RESPDecoder()
        let bytes = Array(text.utf8)
        for count in 0..<bytes.count {
            var part = ByteBuffer(bytes: bytes[..<count])
            #expect(try decoder.read(&part) == nil)
            #expect(part.readableBytes == count)
        }
        var whole = ByteBuffer(bytes: bytes + Array("+next\r\n".utf8))
        #expect(try decoder.read(&whole) == value)
        #expect(try decoder.read(&whole) == .simple("next"))
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\n", "$x\r\n", "$1\r\nabc", "*9999999\r\n", "$99999999999\r\n", ":\r\n", "\r\n", "+a\rb",
        String(repeating: "*1\r\n", count: 20), "+" + String(repeating: "x", count: 70_000),
    ])
    func `what is no value, or too much of one, is refused`(text: String) {
        var buffer = ByteBuffer(string: text)
        #expect(throws: RESPDecoder.Malformed.self) { try RESPDecoder().read(&buffer) }
    }

    @Test func `random bytes never do more than be refused`() {
        var random = SeededGenerator()
        let pieces = ["$", "*", ":", "+", "-", "1", "3", "\r\n", "\r", "\n", "x"]
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 0..<20, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            var buffer = ByteBuffer(string: text)
            let before = buffer.readableBytes
            if let value = try? RESPDecoder().read(&buffer) {
                #expect(buffer.readableBytes < before, "\(value)")
            } else {
                #expect(buffer.readableBytes == before)
            }
        }
    }
}
