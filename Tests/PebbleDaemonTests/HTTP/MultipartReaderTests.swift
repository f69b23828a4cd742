// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import PebbleDaemon

@Suite struct MultipartReaderTests {
    private let boundary = "0123456789abcdef0123456789abcdef"

    private func body(_ parts: [(header: String, content: String)]) -> [UInt8] {
        let text = parts.map {
            "--\(boundary)\r\nContent-Disposition: form-data; \($0.header)\r\n\r\n\($0.content)\r\n"
        }
        return Array((text.joined() + "--\(boundary)--\r\n").utf8)
    }

    /// Reads a body in pieces of a size, and joins what belongs together.
    private func read(_ body: [UInt8], pieces: Int) throws -> [(name: String, filename: String?, content: String)] {
        var reader = MultipartReader(boundary: boundary)
        var parts: [(name: String, filename: String?, content: [UInt8])] = []
        for start in stride(from: 0, to: body.count, by: pieces) {
            for event in try reader.take(body[start..<min(start + pieces, body.count)]) {
                switch event {
                case .partBegan(let name, let filename): parts.append((name, filename, []))
                case .data(let bytes): parts[parts.count - 1].content += bytes
                case .partEnded: break
                }
            }
        }
        #expect(reader.isDone)
        return parts.map { ($0.name, $0.filename, String(decoding: $0.content, as: UTF8.self)) }
    }

    @Test(arguments: [1, 2, 3, 7, 64, 100_000])
    func `parts come out whole however they came in`(pieces: Int) throws {
        let contents = ["{}", "", "one\r\ntwo\n--x\n\r\n--012345\r\n", "\r\n", String(repeating: "x", count: 5000)]
        let parts = contents.enumerated().map {
            (header: "name=\"p\($0)\"; filename=\"/a \\\"b\\\"\($0)\"", content: $1)
        }
        let found = try read(body(parts), pieces: pieces)
        #expect(found.map(\.content) == contents)
        #expect(found.map(\.name) == (0..<5).map { "p\($0)" })
        #expect(found[0].filename == "/a \"b\"0")
    }

    @Test func `a header without end is refused`() {
        var reader = MultipartReader(boundary: boundary)
        let endless = Array("--\(boundary)\r\nX: ".utf8) + [UInt8](repeating: 97, count: 40_000)
        #expect(throws: MultipartReader.Problem.self) { try reader.take(endless) }
    }

    @Test func `header values with parameters are understood`() {
        let media = MediaType("Multipart/Form-Data; boundary=\"a;b\"; charset = utf-8")
        #expect(media.type == "multipart/form-data")
        #expect(media.parameters == ["boundary": "a;b", "charset": "utf-8"])
    }
}
