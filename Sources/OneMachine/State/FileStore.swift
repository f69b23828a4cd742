// SPDX-License-Identifier: Apache-2.0
package import Glibc
package import LinuxSupport

/// Files and directories that are either as they were or as they are to be, whenever the machine stops.
package enum FileStore {
    /// Reads a whole file; nil where there is none.
    package static func read(_ path: String) throws(SystemError) -> [UInt8]? {
        do throws(SystemError) {
            return try FileBytes.read(path)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    /// Reads a file as text; nil where there is none.
    package static func text(_ path: String) throws(SystemError) -> String? {
        try read(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Writes a file whose content, mode or owner differs.
    ///
    /// Says whether it did.
    @discardableResult
    package static func write(
        _ content: [UInt8],
        to path: String,
        mode: UInt32,
        owner: Account? = nil
    ) throws(SystemError) -> Bool {
        if try read(path) == content, let status = status(of: path), status.st_mode & 0o7777 == mode,
            owner == nil || owner?.userID == status.st_uid
        {
            return false
        }
        // Only root may give files away; anybody else is the owner already.
        let owner = geteuid() == 0 ? owner.map { AtomicFile.Owner(userID: $0.userID, groupID: $0.groupID) } : nil
        try AtomicFile.write(content, to: path, mode: mode, owner: owner)
        return true
    }

    @discardableResult
    package static func write(
        _ text: String,
        to path: String,
        mode: UInt32,
        owner: Account? = nil
    ) throws(SystemError) -> Bool {
        try write(Array(text.utf8), to: path, mode: mode, owner: owner)
    }

    /// Makes a directory and those above it; an existing one gets the mode and the owner.
    package static func makeDirectory(_ path: String, mode: UInt32, owner: Account? = nil) throws(SystemError) {
        try makeParents(of: path)
        if mkdir(path, mode) != 0 && errno != EEXIST { throw SystemError.last("make the directory \(path)") }
        guard let status = status(of: path), status.st_mode & S_IFMT == S_IFDIR else {
            throw SystemError(number: ENOTDIR, operation: "use the directory \(path)")
        }
        if status.st_mode & 0o7777 != mode { try check(chmod(path, mode), "set the mode of \(path)") }
        if let owner, geteuid() == 0, status.st_uid != owner.userID || status.st_gid != owner.groupID {
            try check(lchown(path, owner.userID, owner.groupID), "give \(path) to \(owner.name)")
        }
    }

    private static func makeParents(of path: String) throws(SystemError) {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        let parent = String(path[..<slash])
        if status(of: parent) != nil { return }
        try makeParents(of: parent)
        if mkdir(parent, 0o755) != 0 && errno != EEXIST { throw SystemError.last("make the directory \(parent)") }
    }

    /// Points a symbolic link at a target, replacing one that points elsewhere in one step.
    package static func link(_ path: String, to target: String) throws(SystemError) {
        if linkTarget(path) == target { return }
        let temporary = path + ".new.\(getpid())"
        unlink(temporary)
        try check(symlink(target, temporary), "make the link \(path)")
        try check(rename(temporary, path), "put \(path) in place")
    }

    package static func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        guard count >= 0 else { return nil }
        return String(decoding: buffer[0..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    package static func exists(_ path: String) -> Bool { status(of: path) != nil }

    package static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

    /// The file's status, the link's target's where it is a link; nil where there is none.
    package static func status(of path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }

    /// The names in a directory, sorted.
    package static func names(in path: String) throws(SystemError) -> [String] {
        guard let directory = opendir(path) else { throw SystemError.last("list \(path)") }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private static func check(_ result: Int32, _ operation: @autoclosure () -> String) throws(SystemError) {
        if result != 0 { throw SystemError.last(operation()) }
    }
}
