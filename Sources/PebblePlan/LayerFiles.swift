// SPDX-License-Identifier: Apache-2.0

/// A file of a layers directory and where its layer belongs.
public struct LayerFile: Hashable, Sendable {
    /// The path below the layers directory.
    public var path: String
    /// What the layer is called; `dir/file` for one in a sub-directory.
    public var label: String
    /// Where the layer lies among the others.
    public var order: Int

    /// Finds the layers among the names in a layers directory.
    ///
    /// - Parameters:
    ///   - names: what lies in the directory; names of sub-directories end in a slash.
    ///   - inside: what lies in a sub-directory, by its name without the slash.
    /// - Returns: the layers from the bottom up.
    /// - Throws: ``PlanError`` naming each file that is called wrongly, or has the number or label of another.
    public static func find(
        names: [String],
        inside: (String) -> [String]
    ) throws(PlanError) -> [LayerFile] {
        var problems: [PlanProblem] = []
        var found: [LayerFile] = []
        for entry in entries(names, problems: &problems) {
            guard entry.isDirectory else {
                found.append(LayerFile(path: entry.name, label: entry.label, order: entry.number * 1000))
                continue
            }
            for inner in entries(inside(entry.name).filter { !$0.hasSuffix("/") }, problems: &problems) {
                found.append(
                    LayerFile(
                        path: "\(entry.name)/\(inner.name)",
                        label: "\(entry.label)/\(inner.label)",
                        order: entry.number * 1000 + inner.number
                    )
                )
            }
        }
        if let error = PlanError(problems) { throw error }
        return found
    }

    private struct Entry {
        var name: String
        var isDirectory: Bool
        var number: Int
        var label: String
    }

    private static func entries(_ names: [String], problems: inout [PlanProblem]) -> [Entry] {
        var entries: [Entry] = []
        for listed in names.sorted() {
            let isDirectory = listed.hasSuffix("/")
            let name = isDirectory ? String(listed.dropLast()) : listed
            let suffix = isDirectory ? ".d" : ".yaml"
            guard name.hasSuffix(suffix) else { continue }
            guard let entry = entry(name, suffix: suffix, isDirectory: isDirectory) else {
                let what = isDirectory ? "sub-directory name" : "filename"
                let like = isDirectory ? "123-some-label.d" : "123-some-label.yaml"
                let message = "invalid layer \(what): \"\(name)\" (must look like \"\(like)\")"
                problems.append(PlanProblem(message: message, path: name))
                continue
            }
            if let other = entries.first(where: { $0.number == entry.number || $0.label == entry.label }) {
                let message = "invalid layer filename: \"\(name)\" not unique (have \"\(other.name)\" already)"
                problems.append(PlanProblem(message: message, path: name))
                continue
            }
            entries.append(entry)
        }
        return entries
    }

    private static func entry(_ name: String, suffix: String, isDirectory: Bool) -> Entry? {
        let stem = name.dropLast(suffix.count)
        guard stem.utf8.count > 4, let number = Int(stem.prefix(3)), number >= 0 else { return nil }
        let rest = stem.dropFirst(3)
        guard stem.prefix(3).utf8.allSatisfy({ (48...57).contains($0) }), rest.first == "-" else { return nil }
        let label = String(rest.dropFirst())
        guard isLabel(label) else { return nil }
        return Entry(name: name, isDirectory: isDirectory, number: number, label: label)
    }

    /// Whether a label is at least three characters of lower-case words and digits, joined by single dashes.
    static func isLabel(_ label: String) -> Bool {
        let bytes = Array(label.utf8)
        guard let first = bytes.first, (97...122).contains(first), bytes.last != UInt8(ascii: "-") else { return false }
        var units = 0
        var previousIsDash = false
        for byte in bytes.dropFirst() {
            let isDash = byte == UInt8(ascii: "-")
            guard isDash || (97...122).contains(byte) || (48...57).contains(byte) else { return false }
            if isDash && previousIsDash { return false }
            if !isDash { units += 1 }
            previousIsDash = isDash
        }
        return units >= 2
    }
}
