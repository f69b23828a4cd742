// SPDX-License-Identifier: Apache-2.0

/// Text with references to what a match captured: `$1`, `${1}`, and for regular expressions `$0`.
struct NameTemplate: Sendable, Equatable {
    private enum Part: Sendable, Equatable {
        case text(String)
        case capture(Int)
    }

    private let parts: [Part]

    /// Reads a template; a dollar sign before anything but a number is itself.
    init(_ template: String) {
        var parts: [Part] = []
        var text = ""
        var rest = Substring(template)
        while let first = rest.first {
            guard first == "$", let (number, after) = Self.reference(rest.dropFirst()) else {
                text.append(first)
                rest = rest.dropFirst()
                continue
            }
            if !text.isEmpty { parts.append(.text(text)) }
            text = ""
            parts.append(.capture(number))
            rest = after
        }
        if !text.isEmpty { parts.append(.text(text)) }
        self.parts = parts
    }

    /// Fills the references in; one to nothing that was captured is empty.
    ///
    /// - Parameter captures: What was captured, the whole match first.
    /// - Returns: The text.
    func filled(_ captures: [String]) -> String {
        parts.reduce(into: "") { filled, part in
            switch part {
            case .text(let text): filled += text
            case .capture(let number): filled += captures.indices.contains(number) ? captures[number] : ""
            }
        }
    }

    private static func reference(_ text: Substring) -> (Int, Substring)? {
        let braced = text.first == "{"
        let body = braced ? text.dropFirst() : text
        let digits = body.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits) else { return nil }
        let after = body[digits.endIndex...]
        if !braced { return (number, after) }
        return after.first == "}" ? (number, after.dropFirst()) : nil
    }
}
