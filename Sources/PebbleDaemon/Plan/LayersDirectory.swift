// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebblePlan

/// Reads the layers a daemon begins with from its directory.
///
/// Files are called `NNN-label.yaml`; a sub-directory `NNN-label.d` holds more of them, which lie between.
enum LayersDirectory {
    /// A name a layer file or directory may have.
    struct Name: Equatable, Sendable {
        var order: Int
        var label: String
        var isDirectory: Bool
    }

    static func read(_ path: String, accounts: Accounts) throws -> [Layer] {
        try read(path, prefix: "", base: 0, accounts: accounts).sorted { $0.order < $1.order }
    }

    private static func read(_ path: String, prefix: String, base: Int, accounts: Accounts) throws -> [Layer] {
        var layers: [Layer] = []
        var seen: [String: String] = [:]
        for entry in try entries(of: path) {
            guard let name = try name(entry, in: path), prefix.isEmpty || !name.isDirectory else { continue }
            for key in ["order \(name.order)", "label \"\(name.label)\""] {
                if let other = seen[key] {
                    throw DaemonError(
                        .invalid,
                        "invalid layer filename: \"\(entry)\" not unique (have \"\(other)\" already)"
                    )
                }
                seen[key] = entry
            }
            let order = base + name.order * (prefix.isEmpty ? LayerStack.stride : 1)
            if name.isDirectory {
                layers += try read("\(path)/\(entry)", prefix: "\(name.label)/", base: order, accounts: accounts)
            } else {
                layers.append(try layer("\(path)/\(entry)", "\(prefix)\(name.label)", order, accounts))
            }
        }
        return layers
    }

    private static func layer(_ path: String, _ label: String, _ order: Int, _ accounts: Accounts) throws -> Layer {
        let text = String(decoding: try FileBytes.read(path, limit: 16 << 20), as: UTF8.self)
        do throws(PlanError) {
            return try Layer.parse(yaml: text, label: label, order: order, accounts: accounts.lookup)
        } catch {
            throw DaemonError(.invalid, "cannot read layer file \"\(path)\": \(error.report)")
        }
    }

    /// Understands the name of a file, nil if it is none of ours.
    static func name(_ entry: String, in path: String) throws(DaemonError) -> Name? {
        let isDirectory = entry.hasSuffix(".d")
        guard isDirectory || entry.hasSuffix(".yaml") else { return nil }
        let stem = entry.dropLast(isDirectory ? 2 : 5)
        let parts = stem.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 3, parts[0].allSatisfy(isDigit), let order = Int(parts[0]),
            isLabel(parts[1])
        else {
            let hint = "must look like \"123-some-label.yaml\""
            throw DaemonError(.invalid, "invalid layer filename: \"\(entry)\" (\(hint))")
        }
        return Name(order: order, label: String(parts[1]), isDirectory: isDirectory)
    }

    private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }

    /// At least three letters and digits, a letter first, hyphens only between.
    private static func isLabel(_ text: Substring) -> Bool {
        let pieces = text.split(separator: "-", omittingEmptySubsequences: false)
        let isWord = pieces.allSatisfy { piece in
            !piece.isEmpty && piece.allSatisfy { ("a"..."z").contains($0) || isDigit($0) }
        }
        guard isWord, let first = text.first, ("a"..."z").contains(first) else { return false }
        return text.filter { $0 != "-" }.count >= 3
    }

    /// The names in a directory, sorted; none when there is no directory.
    private static func entries(of path: String) throws(SystemError) -> [String] {
        guard let directory = opendir(path) else {
            let error = SystemError.last("open \(path)")
            if error.isNotFound { return [] }
            throw error
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(DirectoryEntry.name(entry))
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }
}

/// The name in an entry that `readdir` returned.
enum DirectoryEntry {
    static func name(_ entry: UnsafeMutablePointer<dirent>) -> String {
        withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
    }
}
