// SPDX-License-Identifier: Apache-2.0

/// Takes parts out of a body that comes piece by piece, and keeps no more of it than it has to look at.
struct MultipartScanner {
    /// What was found.
    enum Event: Equatable {
        case partBegan(name: String, filename: String?)
        case content([UInt8])
        case partEnded
    }

    private enum State {
        case preamble
        case head
        case content
        case ended
    }

    private static let longestHead = 64 << 10

    private let opening: [UInt8]
    private let delimiter: [UInt8]
    private var state = State.preamble
    private var buffer: [UInt8] = []

    init(boundary: String) {
        opening = Array("--\(boundary)\r\n".utf8)
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// Whether all parts have come.
    var isComplete: Bool { state == .ended }

    /// Takes a piece of the body, and says what it completed.
    mutating func take(_ piece: [UInt8]) throws(MalformedReply) -> [Event] {
        buffer += piece
        var events: [Event] = []
        while try step(&events) {}
        return events
    }

    /// Does one thing; says whether there may be more to do.
    private mutating func step(_ events: inout [Event]) throws(MalformedReply) -> Bool {
        switch state {
        case .preamble:
            guard buffer.count >= opening.count else { return false }
            guard buffer.starts(with: opening) else { throw MalformedReply(reason: "the parts do not begin") }
            buffer.removeFirst(opening.count)
            state = .head
        case .head:
            guard let end = Multipart.find(Array("\r\n\r\n".utf8), in: buffer, from: 0) else {
                if buffer.count > Self.longestHead { throw MalformedReply(reason: "the head of a part has no end") }
                return false
            }
            let part = Multipart.head(buffer[..<end])
            events.append(.partBegan(name: part.name, filename: part.filename))
            // With the line end a boundary begins with, which is that of the head when there is no content.
            buffer.removeFirst(end + 2)
            state = .content
            isAtStart = true
        case .content:
            return try stepContent(&events)
        case .ended:
            return false
        }
        return true
    }

    /// Whether the two bytes at the front are the head's and no content.
    private var isAtStart = false

    private mutating func stepContent(_ events: inout [Event]) throws(MalformedReply) -> Bool {
        let skipped = isAtStart ? 2 : 0
        guard let end = Multipart.find(delimiter, in: buffer, from: 0) else {
            // The end of what is here may be the beginning of a boundary.
            let safe = buffer.count - delimiter.count + 1
            guard safe > skipped else { return false }
            emit(buffer[skipped..<safe], &events)
            buffer.removeFirst(safe)
            isAtStart = false
            return false
        }
        let after = end + delimiter.count
        // What follows says whether it is one: a line end, or two hyphens after the last part.
        guard buffer.count >= after + 2 else { return false }
        let mark = Array(buffer[after..<(after + 2)])
        guard mark == Array("\r\n".utf8) || mark == Array("--".utf8) else {
            // Content that looks like a boundary and goes on.
            emit(buffer[skipped..<max(after, skipped)], &events)
            buffer.removeFirst(after)
            isAtStart = false
            return true
        }
        if end > skipped { emit(buffer[skipped..<end], &events) }
        events.append(.partEnded)
        buffer.removeFirst(after + 2)
        isAtStart = false
        state = mark == Array("--".utf8) ? .ended : .head
        return state == .head
    }

    private func emit(_ bytes: ArraySlice<UInt8>, _ events: inout [Event]) {
        if !bytes.isEmpty { events.append(.content(Array(bytes))) }
    }
}
