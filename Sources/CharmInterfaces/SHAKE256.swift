// SPDX-License-Identifier: Apache-2.0

/// The hash SHAKE256 of FIPS 202, by which dashboards get their identities.
enum SHAKE256 {
    /// How many bytes are taken in between two permutations.
    private static let rate = 136

    /// Hashes bytes.
    ///
    /// - Parameters:
    ///   - bytes: The message.
    ///   - count: How many bytes of hash are wanted, at most 136.
    /// - Returns: The hash.
    static func hash(_ bytes: [UInt8], count: Int) -> [UInt8] {
        precondition(count <= rate, "only one round of output is made")
        var message = bytes + [0x1F]
        while message.count % rate != 0 { message.append(0) }
        message[message.count - 1] |= 0x80
        var lanes = [UInt64](repeating: 0, count: 25)
        for start in stride(from: 0, to: message.count, by: rate) {
            for offset in 0..<rate {
                lanes[offset / 8] ^= UInt64(message[start + offset]) << UInt64(8 * (offset % 8))
            }
            permute(&lanes)
        }
        return (0..<count).map { UInt8(truncatingIfNeeded: lanes[$0 / 8] >> UInt64(8 * ($0 % 8))) }
    }

    /// Bytes as hexadecimal digits.
    static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Keccak-f[1600].
    private static func permute(_ lanes: inout [UInt64]) {
        var register: UInt8 = 1
        for _ in 0..<24 {
            var columns = [UInt64](repeating: 0, count: 5)
            for (index, lane) in lanes.enumerated() { columns[index % 5] ^= lane }
            for x in 0..<5 {
                let mixed = columns[(x + 4) % 5] ^ rotated(columns[(x + 1) % 5], 1)
                for y in 0..<5 { lanes[x + 5 * y] ^= mixed }
            }
            var (x, y, current) = (1, 0, lanes[1])
            for step in 0..<24 {
                (x, y) = (y, (2 * x + 3 * y) % 5)
                let next = lanes[x + 5 * y]
                lanes[x + 5 * y] = rotated(current, UInt64((step + 1) * (step + 2) / 2 % 64))
                current = next
            }
            for y in 0..<5 {
                let row = (0..<5).map { lanes[$0 + 5 * y] }
                for x in 0..<5 { lanes[x + 5 * y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]) }
            }
            lanes[0] ^= roundConstant(&register)
        }
    }

    /// The next constant of the sequence that a register of eight bits makes.
    private static func roundConstant(_ register: inout UInt8) -> UInt64 {
        var constant: UInt64 = 0
        for bit in 0..<7 {
            if register & 1 == 1 { constant |= 1 << UInt64((1 << bit) - 1) }
            register = register & 0x80 == 0 ? register << 1 : register << 1 ^ 0x71
        }
        return constant
    }

    private static func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 {
        count == 0 ? value : value << count | value >> (64 - count)
    }
}
