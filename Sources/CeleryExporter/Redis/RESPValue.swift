// SPDX-License-Identifier: Apache-2.0

/// A value of Redis' protocol, version 2.
enum RESPValue: Sendable, Equatable {
    /// A short text, such as `OK`.
    case simple(String)
    /// A refusal in words.
    case error(String)
    /// A number.
    case integer(Int)
    /// Bytes; nil for nothing.
    case bulk([UInt8]?)
    /// Values in order; nil for nothing.
    case array([RESPValue]?)

    /// The bytes, if this is some.
    var bytes: [UInt8]? {
        if case .bulk(let bytes) = self { return bytes }
        return nil
    }

    /// The bytes as text, if this is some.
    var text: String? {
        switch self {
        case .simple(let text): text
        case .bulk(let bytes?): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    /// The values, if this is some.
    var values: [RESPValue]? {
        if case .array(let values) = self { return values }
        return nil
    }

    /// The number, if this is one.
    var integer: Int? {
        if case .integer(let number) = self { return number }
        return nil
    }
}
