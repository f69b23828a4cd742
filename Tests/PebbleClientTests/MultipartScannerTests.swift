// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import PebbleClient

@Suite struct MultipartScannerTests {
    private let body =
        [UInt8](
            "--XX\r\nContent-Disposition: form-data; name=\"files\"; filename=\"/a\"\r\n\r\none\r\n--XY\r\n--XXtwo\r\n--XX\r\n"
                .utf8
        ) + [UInt8]("Content-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--XX\r\n".utf8)
        + [UInt8]("Content-Disposition: form-data; name=\"response\"\r\n\r\n{}\r\n--XX--\r\n".utf8)

    @Test(arguments: [1, 2, 3, 5, 7, 64, 1000])
    func `parts come out whole however they came in`(pieces: Int) throws {
        var scanner = MultipartScanner(boundary: "XX")
        var parts: [(name: String, content: [UInt8])] = []
        for start in stride(from: 0, to: body.count, by: pieces) {
            for event in try scanner.take(Array(body[start..<min(start + pieces, body.count)])) {
                switch event {
                case .partBegan(let name, _): parts.append((name, []))
                case .content(let bytes): parts[parts.count - 1].content += bytes
                case .partEnded: break
                }
            }
        }
        #expect(scanner.isComplete)
        #expect(parts.map(\.name) == ["files", "empty", "response"])
        let texts = parts.map { String(decoding: $0.content, as: UTF8.self) }
        #expect(texts == ["one\r\n--XY\r\n--XXtwo", "", "{}"])
    }

    @Test func `what does not begin with a boundary is refused`() {
        var scanner = MultipartScanner(boundary: "XX")
        #expect(throws: MalformedReply.self) { try scanner.take(Array("hello there".utf8)) }
    }
}
