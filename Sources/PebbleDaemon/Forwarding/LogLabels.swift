// SPDX-License-Identifier: Apache-2.0

/// Fills variables into the values of labels.
enum LogLabels {
    /// The labels of a target for a service.
    static func expanded(_ labels: [String: String], environment: [String: String]) -> [String: String] {
        labels.mapValues { expanded($0, environment) }
    }

    /// What a shell has a value for, and here there is none.
    private static let shellNames = "*#$@!?-"

    /// Replaces `$NAME` and `${NAME}`; a variable that is not set is nothing, such as each of a shell's own, and a
    /// dollar before anything else stays.
    static func expanded(_ text: String, _ environment: [String: String]) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "{" {
                guard let end = rest.firstIndex(of: "}") else {
                    // Without an end it names nothing.
                    rest = rest.dropFirst()
                    continue
                }
                result += environment[String(rest[rest.index(after: rest.startIndex)..<end])] ?? ""
                rest = rest[rest.index(after: end)...]
            } else {
                if let first = rest.first, shellNames.contains(first) {
                    rest = rest.dropFirst()
                    continue
                }
                let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
                guard !name.isEmpty else {
                    result += "$"
                    continue
                }
                // As in a shell, a digit is a name of its own.
                let taken = name.first?.isNumber == true ? name.prefix(1) : name
                result += environment[String(taken)] ?? ""
                rest = rest[taken.endIndex...]
            }
        }
        return result + rest
    }
}
