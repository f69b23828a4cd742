// SPDX-License-Identifier: Apache-2.0

/// Writes `.xz` streams whose data are stored, not compressed.
///
/// The `grafana_dashboard` interface demands the format, and no reader minds that nothing is saved. A dashboard has
/// some ten thousand bytes; a compressor would be most of this library.
enum XZStream {
    /// Wraps bytes.
    ///
    /// - Parameter bytes: The data.
    /// - Returns: A stream of one block, or of none when there are no data, with CRC-32 as its check.
    static func storing(_ bytes: [UInt8]) -> [UInt8] {
        // CRC-32 is check number 1.
        let flags: [UInt8] = [0x00, 0x01]
        var stream: [UInt8] = [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00] + flags + littleEndian(crc32(flags))
        var records: [UInt8] = []
        if !bytes.isEmpty {
            let header = blockHeader
            let chunks = chunks(bytes)
            let unpadded = header.count + chunks.count + 4
            stream += header + chunks
            while stream.count % 4 != 0 { stream.append(0) }
            stream += littleEndian(crc32(bytes))
            records = number(unpadded) + number(bytes.count)
        }
        var index: [UInt8] = [0x00] + number(records.isEmpty ? 0 : 1) + records
        while index.count % 4 != 0 { index.append(0) }
        index += littleEndian(crc32(index))
        let footer = littleEndian(UInt32(index.count / 4 - 1)) + flags
        return stream + index + littleEndian(crc32(footer)) + footer + [0x59, 0x5A]
    }

    /// One filter, LZMA2 (0x21) with one byte of properties: the smallest dictionary, as none is used.
    private static var blockHeader: [UInt8] {
        let header: [UInt8] = [0x02, 0x00, 0x21, 0x01, 0x00, 0x00, 0x00, 0x00]
        return header + littleEndian(crc32(header))
    }

    /// Stored chunks of LZMA2, at most 64 KiB each; the first resets the dictionary.
    private static func chunks(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var start = 0
        while start < bytes.count {
            let chunk = bytes[start..<min(start + 0x10000, bytes.count)]
            let size = UInt16(chunk.count - 1)
            result += [start == 0 ? 0x01 : 0x02, UInt8(size >> 8), UInt8(size & 0xFF)]
            result += chunk
            start = chunk.endIndex
        }
        return result + [0x00]
    }

    /// A number in groups of seven bits, the lowest first.
    private static func number(_ value: Int) -> [UInt8] {
        var rest = value
        var result: [UInt8] = []
        while rest >= 0x80 {
            result.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return result + [UInt8(rest)]
    }

    private static func littleEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }

    /// The check of zlib and Ethernet.
    static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
