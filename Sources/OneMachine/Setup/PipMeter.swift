// SPDX-License-Identifier: Apache-2.0

/// Makes a bar of what pip says.
///
/// It names each package once as it collects it and once more as it builds it.
package struct PipMeter: Hashable, Sendable {
    /// How many requirements there are.
    package let total: Int
    package private(set) var done = 0
    package private(set) var detail = ""

    package init(total: Int) {
        self.total = total
    }

    /// The requirements in a requirements file: lines that are neither comments, options nor continuations.
    package static func count(in requirements: String) -> Int {
        requirements.split(separator: "\n").count { line in
            guard let first = line.first(where: { $0 != " " }) else { return false }
            return first != "#" && first != "-" && line.first != " "
        }
    }

    package mutating func read(_ line: String) {
        if let name = Self.word(after: "Collecting ", in: line)
            ?? Self.word(after: "Requirement already satisfied: ", in: line)
        {
            done = min(total, done + 1)
            detail = "\(done)/\(total) \(name)"
        } else if let name = Self.word(after: "  Building wheel for ", in: line)
            ?? Self.word(after: "  Running setup.py install for ", in: line)
        {
            detail = "building \(name)"
        } else if line.hasPrefix("Installing collected packages") {
            detail = "installing"
        }
    }

    private static func word(after prefix: String, in line: String) -> String? {
        guard line.hasPrefix(prefix) else { return nil }
        let rest = line.dropFirst(prefix.count).prefix { $0 != " " && $0 != "=" && $0 != ":" }
        return rest.isEmpty ? nil : String(rest)
    }
}
