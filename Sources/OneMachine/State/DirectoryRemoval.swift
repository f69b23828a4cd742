// SPDX-License-Identifier: Apache-2.0
import Glibc
package import LinuxSupport

/// Deletes a directory with all that is in it, and never anything else.
///
/// It goes down by descriptors, follows no link, and stays on one file system: something mounted below is left alone
/// and makes it fail.
package enum DirectoryRemoval {
    /// Deletes the directory.
    ///
    /// One that is not there is fine.
    package static func remove(_ path: String) throws(SystemError) {
        // A guard against a caller's mistake, not against a user's: no state path is this short.
        guard path.hasPrefix("/"), path.split(separator: "/").count >= 2, !path.contains("/../") else {
            throw SystemError(number: EINVAL, operation: "remove \(path)")
        }
        guard let slash = path.lastIndex(of: "/") else { return }
        let parent = open(String(path[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if parent < 0 {
            let error = SystemError.last("open the directory of \(path)")
            if error.isNotFound { return }
            throw error
        }
        defer { close(parent) }
        var status = stat()
        guard fstat(parent, &status) == 0 else { throw SystemError.last("look at the directory of \(path)") }
        try remove(String(path[path.index(after: slash)...]), in: parent, path: path, device: nil)
    }

    private static func remove(_ name: String, in parent: Int32, path: String, device: dev_t?) throws(SystemError) {
        var status = stat()
        guard fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            let error = SystemError.last("look at \(path)")
            if error.isNotFound { return }
            throw error
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            guard unlinkat(parent, name, 0) == 0 || errno == ENOENT else { throw SystemError.last("remove \(path)") }
            return
        }
        if let device, device != status.st_dev {
            throw SystemError(number: EXDEV, operation: "remove \(path), where another file system is mounted")
        }
        let directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard directory >= 0 else { throw SystemError.last("open \(path)") }
        defer { close(directory) }
        for child in try names(in: directory, path: path) {
            try remove(child, in: directory, path: path + "/" + child, device: status.st_dev)
        }
        guard unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
            throw SystemError.last("remove \(path)")
        }
    }

    private static func names(in descriptor: Int32, path: String) throws(SystemError) -> [String] {
        // fdopendir takes the descriptor over, so it gets one of its own.
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else { throw SystemError.last("list \(path)") }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
