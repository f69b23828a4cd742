// SPDX-License-Identifier: Apache-2.0

/// One message between a hook tool and the unit agent: a list of byte strings.
///
/// On the wire a frame is a big-endian 32-bit field count, then for each field a big-endian 32-bit length and the
/// bytes. ``ToolRequest`` and ``ToolReply`` say what the fields mean.
public struct Frame: Sendable, Hashable {
    /// The most bytes a frame may take on the wire, headers included: 16 MiB.
    ///
    /// A databag or an action result is far smaller; the limit keeps a damaged or hostile peer from making us
    /// reserve memory for what it only announces.
    public static let maximumSize = 16 * 1024 * 1024

    /// The fields in wire order.
    public var fields: [[UInt8]]

    /// Creates a frame of the given fields.
    public init(fields: [[UInt8]]) {
        self.fields = fields
    }

    /// The bytes this frame takes on the wire.
    public var encodedSize: Int {
        fields.reduce(4) { $0 + 4 + $1.count }
    }

    /// Renders the frame as it goes over the socket.
    ///
    /// - Returns: The wire bytes.
    /// - Throws: ``FrameError/tooLarge(size:)`` when the frame would exceed ``maximumSize``.
    public func encoded() throws(FrameError) -> [UInt8] {
        let size = encodedSize
        guard size <= Self.maximumSize else { throw .tooLarge(size: size) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        bytes.append(bigEndian: UInt32(fields.count))
        for field in fields {
            bytes.append(bigEndian: UInt32(field.count))
            bytes.append(contentsOf: field)
        }
        return bytes
    }
}

/// Why bytes are not a frame, or a frame is not a message.
public enum FrameError: Error, Hashable, CustomStringConvertible {
    /// The frame is, or announces to be, larger than ``Frame/maximumSize``.
    case tooLarge(size: Int)
    /// The connection ended inside a frame.
    case truncated
    /// The frame has too few fields for the message it should be.
    case missingFields(expected: Int, found: Int)
    /// A field that must be text is not UTF-8, or not of the expected form.
    case malformedField(name: String)
    /// The peer speaks another version of the protocol.
    case unsupportedVersion(String)

    /// What happened, in words.
    public var description: String {
        switch self {
        case .tooLarge(let size): "cannot carry a frame of \(size) bytes: the limit is \(Frame.maximumSize)"
        case .truncated: "cannot read the frame: the connection ended inside it"
        case .missingFields(let expected, let found): "cannot read the frame: \(found) fields, expected \(expected)"
        case .malformedField(let name): "cannot read the frame: field \"\(name)\" is malformed"
        case .unsupportedVersion(let version): "cannot read the frame: protocol version \"\(version)\" is not supported"
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian value: UInt32) {
        append(UInt8(truncatingIfNeeded: value >> 24))
        append(UInt8(truncatingIfNeeded: value >> 16))
        append(UInt8(truncatingIfNeeded: value >> 8))
        append(UInt8(truncatingIfNeeded: value))
    }
}
