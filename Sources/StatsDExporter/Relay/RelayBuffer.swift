// SPDX-License-Identifier: Apache-2.0

/// Gathers lines into packets of a limited size.
struct RelayBuffer: Sendable {
    /// The most bytes of a packet.
    let packetLength: Int
    /// Lines that were taken.
    private(set) var lines = 0
    /// Lines that no packet could hold.
    private(set) var longLines = 0
    private var pending: [UInt8] = []

    init(packetLength: Int) {
        self.packetLength = packetLength
    }

    /// Takes the lines of a packet that came in.
    ///
    /// - Parameter packet: What came in.
    /// - Returns: The packets that are full now.
    mutating func take(_ packet: [UInt8]) -> [[UInt8]] {
        var full: [[UInt8]] = []
        for line in packet.split(separator: UInt8(ascii: "\n")) {
            guard line.count < packetLength else {
                longLines += 1
                continue
            }
            if pending.count + line.count + 1 > packetLength { full += flush() }
            pending += line
            pending.append(UInt8(ascii: "\n"))
            lines += 1
        }
        return full
    }

    /// Gives what has gathered, if anything has.
    mutating func flush() -> [[UInt8]] {
        if pending.isEmpty { return [] }
        defer { pending = [] }
        return [pending]
    }
}
