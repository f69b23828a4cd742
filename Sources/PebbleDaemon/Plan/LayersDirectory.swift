// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebblePlan

/// Reads the layers a daemon begins with from its directory.
///
/// Files are called `NNN-label.yaml`; a sub-directory `NNN-label.d` holds more of them, which lie between.
enum LayersDirectory {
    static func read(_ path: String, accounts: Accounts) throws -> [Layer] {
        let names = try entries(of: path)
        var inside: [String: [String]] = [:]
        for name in names where name.hasSuffix(".d/") {
            inside[String(name.dropLast())] = try entries(of: "\(path)/\(name)")
        }
        let files: [LayerFile]
        do throws(PlanError) {
            files = try LayerFile.find(names: names) { inside[$0] ?? [] }
        } catch {
            throw DaemonError(.invalid, error.description)
        }
        return try files.map { try layer("\(path)/\($0.path)", $0.label, $0.order, accounts) }
    }

    private static func layer(_ path: String, _ label: String, _ order: Int, _ accounts: Accounts) throws -> Layer {
        let text = String(decoding: try FileBytes.read(path, limit: 16 << 20), as: UTF8.self)
        do throws(PlanError) {
            return try Layer.parse(yaml: text, label: label, order: order, accounts: accounts.lookup)
        } catch {
            throw DaemonError(.invalid, "cannot read layer file \"\(path)\": \(error.report)")
        }
    }

    /// The names in a directory, those of directories with a slash; none when there is no directory.
    private static func entries(of path: String) throws(SystemError) -> [String] {
        guard let directory = opendir(path) else {
            let error = SystemError.last("open \(path)")
            if error.isNotFound { return [] }
            throw error
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = DirectoryEntry.name(entry)
            var information = stat()
            let isDirectory = stat("\(path)/\(name)", &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
            if name != ".", name != ".." { names.append(isDirectory ? "\(name)/" : name) }
        }
        return names
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
