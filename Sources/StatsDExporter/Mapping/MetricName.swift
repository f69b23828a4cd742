// SPDX-License-Identifier: Apache-2.0

/// Names as Prometheus allows them.
enum MetricName {
    /// Writes a StatsD name with letters, digits and underscores only.
    ///
    /// Every other character becomes an underscore, a run of dashes becomes one, and a leading digit gets one before it.
    static func escaped(_ name: String) -> String {
        guard let first = name.utf8.first else { return "" }
        if !isDigit(first), name.utf8.allSatisfy(isAllowed) { return name }
        var bytes: [UInt8] = isDigit(first) ? [underscore] : []
        bytes.reserveCapacity(name.utf8.count + 1)
        var afterDash = false
        for scalar in name.unicodeScalars {
            let isDash = scalar == "-"
            defer { afterDash = isDash }
            if scalar.isASCII, isAllowed(UInt8(scalar.value)) {
                bytes.append(UInt8(scalar.value))
            } else if !(isDash && afterDash) {
                bytes.append(underscore)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let underscore = UInt8(ascii: "_")

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == underscore || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
