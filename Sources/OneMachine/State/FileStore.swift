// SPDX-License-Identifier: Apache-2.0
import Glibc
package import LinuxSupport

/// Files and directories that are either as they were or as they are to be, whenever the machine stops.
package enum FileStore {
    /// Reads a whole file; nil where there is none.
    package static func read(_ path: String) throws(SystemError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let error = SystemError.last("open \(path)")
            if error.isNotFound { return nil }
            throw error
        }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return content }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError.last("read \(path)")
            }
            content += chunk[0..<count]
        }
    }

    /// Reads a file as text; nil where there is none.
    package static func text(_ path: String) throws(SystemError) -> String? {
        try read(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Writes by a new file in the same directory that then takes the name. Says whether anything changed.
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
        let temporary = path + ".new.\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SystemError.last("create \(temporary)") }
        do throws(SystemError) {
            defer { close(descriptor) }
            try writeAll(content, to: descriptor, path: temporary)
            try check(fchmod(descriptor, mode), "set the mode of \(temporary)")
            if let owner, geteuid() == 0 {
                try check(fchown(descriptor, owner.userID, owner.groupID), "give \(temporary) to \(owner.name)")
            }
            try check(fsync(descriptor), "write \(temporary)")
        } catch {
            unlink(temporary)
            throw error
        }
        try check(rename(temporary, path), "put \(path) in place")
        syncDirectory(of: path)
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

    private static func writeAll(_ content: [UInt8], to descriptor: Int32, path: String) throws(SystemError) {
        var written = 0
        while written < content.count {
            let count = content.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress?.advanced(by: written), content.count - written)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError.last("write \(path)")
            }
            written += count
        }
    }

    private static func syncDirectory(of path: String) {
        guard let slash = path.lastIndex(of: "/") else { return }
        let descriptor = open(String(path[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func check(_ result: Int32, _ operation: @autoclosure () -> String) throws(SystemError) {
        if result != 0 { throw SystemError.last(operation()) }
    }
}
