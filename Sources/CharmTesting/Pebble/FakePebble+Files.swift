// SPDX-License-Identifier: Apache-2.0

import CharmKit
import PebbleAPI

extension FakePebble {
    /// Directories every container has.
    private static let systemDirectories: Set = [
        "/", "/etc", "/home", "/opt", "/root", "/run", "/srv", "/tmp", "/usr", "/usr/bin", "/var", "/var/lib",
        "/var/log",
    ]

    func readFile(_ path: String) throws(ChangeFailure) -> [UInt8] {
        guard let file = state.files[path] else { throw notFound("open", path) }
        guard !file.isDirectory else {
            throw ChangeFailure(kind: .refused, message: "can only read a regular file: \"\(path)\"")
        }
        return file.content
    }

    func writeFile(_ path: String, _ content: [UInt8], _ options: FileOptions) throws(ChangeFailure) {
        guard path.hasPrefix("/") else {
            throw ChangeFailure(kind: .refused, message: "paths must be absolute, got \"\(path)\"")
        }
        try requireParent(of: path, options)
        state.files[path] = FileState(
            content: content,
            permissions: options.permissions ?? 0o644,
            ownership: owner(options)
        )
        record(.wrote(path))
    }

    func makeDirectory(_ path: String, _ options: FileOptions) throws(ChangeFailure) {
        if isDirectory(path) {
            guard options.makeParents else {
                throw ChangeFailure(kind: .refused, message: "mkdir \(path): file exists")
            }
            return
        }
        try requireParent(of: path, options)
        state.files[path] = .directory(permissions: options.permissions ?? 0o755, ownership: owner(options))
        record(.madeDirectory(path))
    }

    func removePath(_ path: String, recursive: Bool) throws(ChangeFailure) {
        let below = state.files.keys.filter { $0.hasPrefix(path + "/") }
        guard state.files[path] != nil || !below.isEmpty else {
            if recursive { return }
            throw notFound("remove", path)
        }
        guard recursive || below.isEmpty else {
            throw ChangeFailure(kind: .refused, message: "remove \(path): directory not empty")
        }
        for key in below + [path] { state.files[key] = nil }
        record(.removed(path))
    }

    func listFiles(_ path: String, pattern: String?, itself: Bool) throws(ChangeFailure) -> [FileInfo] {
        if itself || state.files[path]?.isDirectory == false {
            guard state.files[path] != nil || isDirectory(path) else { throw notFound("stat", path) }
            return [info(path)]
        }
        guard isDirectory(path) else { throw notFound("stat", path) }
        let prefix = path == "/" ? "/" : path + "/"
        let names = Set(
            state.files.keys.filter { $0.hasPrefix(prefix) && $0.count > prefix.count }
                .compactMap { $0.dropFirst(prefix.count).split(separator: "/").first.map(String.init) }
        )
        return names.sorted().filter { pattern == nil || matches($0, pattern ?? "") }.map { info(prefix + $0) }
    }

    private func isDirectory(_ path: String) -> Bool {
        if let file = state.files[path] { return file.isDirectory }
        return Self.systemDirectories.contains(path) || state.files.keys.contains { $0.hasPrefix(path + "/") }
    }

    private func requireParent(of path: String, _ options: FileOptions) throws(ChangeFailure) {
        let parent = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
        guard !parent.isEmpty, !isDirectory(parent) else { return }
        guard options.makeParents else { throw notFound("open", path) }
        try requireParent(of: parent, options)
        state.files[parent] = .directory(ownership: owner(options))
    }

    private func owner(_ options: FileOptions) -> Ownership {
        options.ownership == Ownership()
            ? Ownership(userID: 0, user: "root", groupID: 0, group: "root") : options.ownership
    }

    private func info(_ path: String) -> FileInfo {
        let file = state.files[path] ?? .directory()
        let digits = String(file.permissions, radix: 8)
        return FileInfo(
            path: path,
            name: String(path.split(separator: "/").last ?? "/"),
            type: file.isDirectory ? .directory : .file,
            size: file.isDirectory ? nil : Int64(file.content.count),
            permissions: String(repeating: "0", count: max(0, 3 - digits.count)) + digits,
            lastModified: Timestamp(seconds: 0),
            userID: file.ownership.userID,
            user: file.ownership.user,
            groupID: file.ownership.groupID,
            group: file.ownership.group
        )
    }

    /// Globs with `*` and `?` only, which is what charms use.
    private func matches(_ name: String, _ pattern: String) -> Bool {
        func match(_ name: Substring, _ pattern: Substring) -> Bool {
            guard let first = pattern.first else { return name.isEmpty }
            if first == "*" {
                return match(name, pattern.dropFirst()) || (!name.isEmpty && match(name.dropFirst(), pattern))
            }
            guard let character = name.first, first == "?" || first == character else { return false }
            return match(name.dropFirst(), pattern.dropFirst())
        }
        return match(name[...], pattern[...])
    }

    private func notFound(_ operation: String, _ path: String) -> ChangeFailure {
        ChangeFailure(kind: .notFound, message: "\(operation) \(path): no such file or directory")
    }
}
