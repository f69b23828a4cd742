// SPDX-License-Identifier: Apache-2.0

/// Cuts a byte stream into frames, whatever the sizes of the pieces it arrives in.
///
/// ```swift
/// var decoder = FrameDecoder()
/// decoder.append(piece)
/// while let frame = try decoder.next() { … }
/// ```
public struct FrameDecoder: Sendable {
    private var buffer: [UInt8] = []
    private var position = 0
    private var announcedFields: Int?
    private var fields: [[UInt8]] = []
    private var size = 0

    /// Creates a decoder at a frame boundary.
    public init() {}

    /// Whether every byte so far belongs to a frame already handed out, so that the stream may end here.
    public var isAtBoundary: Bool {
        position == buffer.count && announcedFields == nil
    }

    /// Adds bytes that arrived.
    ///
    /// - Parameter bytes: The bytes, in stream order.
    public mutating func append(_ bytes: some Sequence<UInt8>) {
        buffer.append(contentsOf: bytes)
    }

    /// Takes the next whole frame out of the bytes so far.
    ///
    /// - Returns: The frame, or nil when more bytes are needed.
    /// - Throws: ``FrameError/tooLarge(size:)`` as soon as a header announces more than the limit; the stream is then
    ///   of no further use.
    public mutating func next() throws(FrameError) -> Frame? {
        if announcedFields == nil {
            guard let count = takeNumber() else { return nil }
            size = 4 + 4 * count
            guard size <= Frame.maximumSize else { throw .tooLarge(size: size) }
            announcedFields = count
        }
        guard let count = announcedFields else { return nil }
        while fields.count < count {
            guard let length = peekNumber() else { return nil }
            guard size + length <= Frame.maximumSize else { throw .tooLarge(size: size + length) }
            guard buffer.count - position - 4 >= length else { return nil }
            size += length
            fields.append(Array(buffer[(position + 4)..<(position + 4 + length)]))
            position += 4 + length
        }
        let frame = Frame(fields: fields)
        fields = []
        announcedFields = nil
        buffer.removeFirst(position)
        position = 0
        return frame
    }

    private mutating func takeNumber() -> Int? {
        guard let number = peekNumber() else { return nil }
        position += 4
        return number
    }

    private func peekNumber() -> Int? {
        guard buffer.count - position >= 4 else { return nil }
        return buffer[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
    }
}
