// SPDX-License-Identifier: Apache-2.0

/// Takes a `multipart/form-data` body apart while it comes in.
struct MultipartReader: Sendable {
    enum Event: Equatable, Sendable {
        case partBegan(name: String, filename: String?)
        case data(ArraySlice<UInt8>)
        case partEnded
    }

    enum Problem: Error, Equatable {
        case malformed(String)
    }

    private enum State {
        case preamble
        case headers
        case content
        case done
    }

    private static let headerLimit = 16 << 10
    private let delimiter: [UInt8]
    private var state = State.preamble
    /// A line break is put before the body, so that the first boundary looks like the others.
    private var buffer: [UInt8] = Array("\r\n".utf8)

    init(boundary: String) {
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// Whether the closing boundary has been seen.
    var isDone: Bool { state == .done }

    /// Takes some bytes in and returns what they complete.
    mutating func take(_ bytes: some Sequence<UInt8>) throws(Problem) -> [Event] {
        buffer.append(contentsOf: bytes)
        var events: [Event] = []
        var position = 0
        while try step(&position, &events) {}
        buffer.removeFirst(position)
        return events
    }

    /// Says whether it got on.
    private mutating func step(_ position: inout Int, _ events: inout [Event]) throws(Problem) -> Bool {
        switch state {
        case .done:
            position = buffer.count
            return false
        case .preamble, .content:
            let isContent = state == .content
            guard let found = find(delimiter, from: position) else {
                // The last bytes may be the beginning of a boundary.
                let safe = max(position, buffer.count - delimiter.count - 3)
                if isContent, safe > position { events.append(.data(buffer[position..<safe])) }
                position = safe
                return false
            }
            let after = found + delimiter.count
            guard buffer.count >= after + 2 else {
                if isContent, found > position { events.append(.data(buffer[position..<found])) }
                position = found
                return false
            }
            if isContent {
                if found > position { events.append(.data(buffer[position..<found])) }
                events.append(.partEnded)
            }
            if buffer[after] == UInt8(ascii: "-"), buffer[after + 1] == UInt8(ascii: "-") {
                state = .done
            } else if buffer[after] == 13, buffer[after + 1] == 10 {
                state = .headers
            } else {
                throw .malformed("multipart: boundary is not followed by a line break")
            }
            position = after + 2
            return true
        case .headers:
            guard let end = find(Array("\r\n\r\n".utf8), from: position) else {
                if buffer.count - position > Self.headerLimit { throw .malformed("multipart: part header too long") }
                return false
            }
            events.append(Self.part(String(decoding: buffer[position..<end], as: UTF8.self)))
            position = end + 4
            state = .content
            // An empty part: its boundary begins with the line break that ended the headers.
            if buffer[(end + 2)...].starts(with: delimiter) { position = end + 2 }
            return true
        }
    }

    private func find(_ pattern: [UInt8], from start: Int) -> Int? {
        guard buffer.count - start >= pattern.count else { return nil }
        return buffer.withUnsafeBufferPointer { bytes in
            var index = start
            let last = bytes.count - pattern.count
            while index <= last {
                if bytes[index] == 13 {
                    var length = 1
                    while length < pattern.count, bytes[index + length] == pattern[length] { length += 1 }
                    if length == pattern.count { return index }
                }
                index += 1
            }
            return nil
        }
    }

    private static func part(_ headers: String) -> Event {
        var name = ""
        var filename: String?
        for line in headers.split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == "content-disposition" else {
                continue
            }
            let value = MediaType(String(line[line.index(after: colon)...]))
            name = value.parameters["name"] ?? ""
            filename = value.parameters["filename"]
        }
        return .partBegan(name: name, filename: filename)
    }
}

/// A header value of the form `type; key=value; key="quoted value"`.
struct MediaType: Equatable, Sendable {
    var type: String
    var parameters: [String: String] = [:]

    init(_ text: String) {
        var pieces: [String] = [""]
        var isQuoted = false
        var isEscaped = false
        for character in text {
            if isEscaped {
                pieces[pieces.count - 1].append(character)
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == ";", !isQuoted {
                pieces.append("")
            } else {
                pieces[pieces.count - 1].append(character)
            }
        }
        type = pieces[0].trimmed.lowercased()
        for piece in pieces.dropFirst() {
            guard let equals = piece.firstIndex(of: "=") else { continue }
            parameters[piece[..<equals].trimmed.lowercased()] = piece[piece.index(after: equals)...].trimmed
        }
    }
}

extension StringProtocol {
    /// Without the blanks at both ends.
    var trimmed: String {
        var text = self[...]
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
