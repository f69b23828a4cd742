// SPDX-License-Identifier: Apache-2.0

/// What stands before the message in a packet of syslog, as RFC 3164 describes it: `<190>Nov 23 01:02:03 host tag: `.
enum SyslogHeader {
    /// Takes the header off a packet.
    ///
    /// - Parameter packet: The packet.
    /// - Returns: The message; the whole packet where there is no header, for the reader of lines to refuse.
    static func dropped(from packet: [UInt8]) -> [UInt8] {
        guard packet.first == UInt8(ascii: "<") else { return packet }
        // The colons in the time have no blank behind them: the first that has one ends the tag.
        for index in packet.indices.dropLast() where packet[index] == UInt8(ascii: ":") {
            if packet[index + 1] == UInt8(ascii: " ") { return Array(packet[(index + 2)...]) }
        }
        return packet
    }
}
