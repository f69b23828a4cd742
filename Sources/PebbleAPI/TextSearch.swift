// SPDX-License-Identifier: Apache-2.0

// The standard library searches for a text with the engine for regular expressions, which a charm then has in memory
// at every event: a fifth of its program for six searches. These compare bytes.
extension StringProtocol {
    /// Where a text is in this one for the first time, byte for byte.
    ///
    /// - Parameter text: What is looked for, not empty.
    /// - Returns: Its place; nil when it is not there.
    package func place(of text: StaticString) -> Range<Index>? {
        text.withUTF8Buffer { wanted in
            var start = utf8.startIndex
            while let found = utf8[start...].firstIndex(of: wanted[0]) {
                let rest = utf8[found...]
                if rest.starts(with: wanted) { return found..<utf8.index(found, offsetBy: wanted.count) }
                start = utf8.index(after: found)
            }
            return nil
        }
    }

    /// Whether a text is in this one, byte for byte.
    ///
    /// - Parameter text: What is looked for, not empty.
    /// - Returns: True when it is there.
    package func has(_ text: StaticString) -> Bool { place(of: text) != nil }
}
