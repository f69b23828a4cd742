// SPDX-License-Identifier: Apache-2.0

import HookProtocol
import Testing

@Suite struct FrameTests {
    private let frames = [
        Frame(fields: []),
        Frame(fields: [[]]),
        Frame(fields: [Array("1".utf8), [0, 255, 10], Array(repeating: 7, count: 70_000)]),
    ]

    @Test func `a frame is counts and lengths in network order`() throws {
        let bytes = try Frame(fields: [[65], [66, 67]]).encoded()
        #expect(bytes == [0, 0, 0, 2, 0, 0, 0, 1, 65, 0, 0, 0, 2, 66, 67])
    }

    @Test(arguments: [1, 3, 4, 7, 4096, 1_000_000])
    func `frames come out whole whatever the pieces`(pieceSize: Int) throws {
        let stream = try frames.flatMap { try $0.encoded() }
        var decoder = FrameDecoder()
        var received: [Frame] = []
        var position = 0
        while position < stream.count {
            let end = min(position + pieceSize, stream.count)
            decoder.append(stream[position..<end])
            position = end
            while let frame = try decoder.next() { received.append(frame) }
        }
        #expect(received == frames)
        #expect(decoder.isAtBoundary)
    }

    @Test func `a stream that ends inside a frame is not at a boundary`() throws {
        let bytes = try frames[2].encoded()
        for cut in [1, 4, 6, bytes.count - 1] {
            var decoder = FrameDecoder()
            decoder.append(bytes[..<cut])
            #expect(try decoder.next() == nil)
            #expect(!decoder.isAtBoundary)
        }
    }

    @Test func `announcing more than the limit is refused before it arrives`() {
        var tooManyFields = FrameDecoder()
        tooManyFields.append([255, 255, 255, 255])
        #expect(throws: FrameError.self) { try tooManyFields.next() }
        var tooLongField = FrameDecoder()
        tooLongField.append([0, 0, 0, 1, 255, 0, 0, 0])
        #expect(throws: FrameError.self) { try tooLongField.next() }
        #expect(throws: FrameError.self) {
            try Frame(fields: [[UInt8](repeating: 0, count: Frame.maximumSize)]).encoded()
        }
    }

    @Test func `a request survives the wire`() throws {
        let request = ToolRequest(
            contextID: "indico/0-start-1",
            workingDirectory: "/charm",
            tool: "relation-set",
            arguments: ["-r", "db:7", "--file", "-", "", "ü"],
            standardInput: [0, 1, 2]
        )
        #expect(try ToolRequest(frame: request.frame) == request)
        var silent = request
        silent.standardInput = nil
        #expect(try ToolRequest(frame: silent.frame) == silent)
        var empty = request
        empty.standardInput = []
        #expect(try ToolRequest(frame: empty.frame) == empty)
    }

    @Test func `a reply survives the wire`() throws {
        let reply = ToolReply(exitCode: 2, standardOutput: [1], standardError: [2, 3])
        #expect(try ToolReply(frame: reply.frame) == reply)
        #expect(ToolReply(failure: "relation not found").errorOutput == "ERROR relation not found\n")
    }

    @Test func `what is not a message is refused with the field's name`() throws {
        let request = ToolRequest(contextID: "c", workingDirectory: "/", tool: "is-leader", arguments: [])
        var frame = request.frame
        frame.fields[0] = Array("2".utf8)
        #expect(throws: FrameError.unsupportedVersion("2")) { try ToolRequest(frame: frame) }
        frame = request.frame
        frame.fields[3] = [0xff]
        #expect(throws: FrameError.malformedField(name: "tool")) { try ToolRequest(frame: frame) }
        frame = request.frame
        frame.fields[4] = Array("yes".utf8)
        #expect(throws: FrameError.malformedField(name: "standard input flag")) { try ToolRequest(frame: frame) }
        #expect(throws: FrameError.missingFields(expected: 6, found: 1)) {
            try ToolRequest(frame: Frame(fields: [[49]]))
        }
        #expect(throws: FrameError.missingFields(expected: 3, found: 0)) { try ToolReply(frame: Frame(fields: [])) }
        #expect(throws: FrameError.malformedField(name: "exit code")) {
            try ToolReply(frame: Frame(fields: [Array("one".utf8), [], []]))
        }
    }
}
