// SPDX-License-Identifier: Apache-2.0

/// The project file of a charm, cut into the three files of an unpacked charm, as packing does.
package struct CharmcraftFile: Hashable, Sendable {
    package var metadata: String
    package var config: String
    package var actions: String

    /// Keys that only packing needs.
    ///
    /// Packing is scripts/charm.py, which cuts in the same way: a test compares.
    private static let packingKeys: Set<String> = [
        "type", "bases", "base", "build-base", "platforms", "parts", "analysis", "charm-libs",
    ]

    /// Cuts at the keys that start a line, so that comments, quotes and the order stay as they are written.
    package init(text: String) {
        metadata = ""
        config = ""
        actions = ""
        for section in Self.sections(of: text) {
            switch section.key {
            case "config": config += Self.inner(of: section.lines)
            case "actions": actions += Self.inner(of: section.lines)
            case let key where Self.packingKeys.contains(key): break
            // The one key that goes by another name in an unpacked charm.
            case "title":
                metadata += section.lines.map { Self.renamed($0, from: "title", to: "display-name") + "\n" }.joined()
            default: metadata += section.lines.map { $0 + "\n" }.joined()
            }
        }
        if config.isEmpty { config = "options: {}\n" }
        if actions.isEmpty { actions = "{}\n" }
    }

    /// A key at the start of a line with the lines up to the next one; comments before it count as its own.
    private static func sections(of text: String) -> [(key: String, lines: [String])] {
        var sections: [(key: String, lines: [String])] = []
        var comments: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            let key = line.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
            if !key.isEmpty, line[key.endIndex...].hasPrefix(":") {
                sections.append((String(key), comments + [line]))
                comments = []
            } else if line.hasPrefix("#") {
                comments.append(line)
            } else if !sections.isEmpty {
                sections[sections.count - 1].lines += comments + [line]
                comments = []
            }
        }
        return sections
    }

    private static func renamed(_ line: String, from old: String, to new: String) -> String {
        line.hasPrefix(old + ":") ? new + line.dropFirst(old.count) : line
    }

    /// What is below the key, moved left by its indentation.
    private static func inner(of lines: [String]) -> String {
        let below = lines.drop { $0.hasPrefix("#") }.dropFirst()
        let indentation = below.first { !$0.allSatisfy { $0 == " " } }?.prefix { $0 == " " }.count ?? 0
        return below.map { line in
            let spaces = line.prefix { $0 == " " }.count
            return line.dropFirst(min(spaces, indentation)) + "\n"
        }.joined()
    }
}
