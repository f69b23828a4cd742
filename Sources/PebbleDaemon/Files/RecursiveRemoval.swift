// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// Removes a directory with all that is in it, following no link.
///
/// Below the directory itself everything is done by open directories, never by a path: whoever may write in there
/// could otherwise put a link in the way between the look and the removal, and have other things removed. Only two
/// directories are open at a time, and no path is ever longer than a name, so the depth does not matter.
enum RecursiveRemoval {
    /// Something that is not there is removed already.
    static func remove(_ path: String) throws(FileError) {
        guard path.utf8.contains(where: { $0 != UInt8(ascii: "/") }) else {
            throw FileError("cannot remove the root directory")
        }
        if unlink(path) == 0 || errno == ENOENT { return }
        // A directory is what unlink refuses; the kernel says so in one of two ways.
        guard errno == EISDIR || errno == EPERM else { throw FileError(SystemError.last("remove \(path)")) }
        try empty(path)
        guard rmdir(path) == 0 || errno == ENOENT else { throw FileError(SystemError.last("remove \(path)")) }
    }

    /// Where the walk is: an open directory, and how it got there.
    private struct Position {
        var descriptor: Int32
        /// The names of the directories between the top and here, each to be removed on the way back.
        var names: [RawName] = []
        /// What each of those was when it was entered: on the way back it must be the same.
        var identities: [Identity]
    }

    private struct Identity: Equatable {
        var device: UInt
        var inode: UInt
    }

    private static func empty(_ path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(SystemError.last("open \(path)")) }
        var position = Position(descriptor: descriptor, identities: [identity(descriptor)])
        defer { close(position.descriptor) }
        while true {
            if let directory = try removeFiles(in: position.descriptor, path) {
                try enter(directory, &position, path)
            } else {
                guard let name = position.names.popLast() else { return }
                try leave(&position, path)
                guard name.remove(from: position.descriptor, isDirectory: true) || errno == ENOENT else {
                    throw FileError(SystemError.last("remove \(path)/…/\(name)"))
                }
            }
        }
    }

    /// Removes what is no directory; returns the first directory found, if any.
    private static func removeFiles(in descriptor: Int32, _ path: String) throws(FileError) -> RawName? {
        // A description of its own, or the next listing would begin where this one ended.
        let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0, let directory = fdopendir(own) else {
            let error = SystemError.last("open \(path)")
            if own >= 0 { close(own) }
            throw FileError(error)
        }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = RawName(entry)
            if name.isSelfOrParent || name.remove(from: descriptor, isDirectory: false) || errno == ENOENT { continue }
            guard errno == EISDIR || errno == EPERM else {
                throw FileError(SystemError.last("remove \(path)/…/\(name)"))
            }
            return name
        }
        return nil
    }

    private static func enter(_ name: RawName, _ position: inout Position, _ path: String) throws(FileError) {
        let below = name.open(in: position.descriptor)
        // What is no directory any more is removed at the next look.
        if below < 0, errno == ENOENT || errno == ELOOP || errno == ENOTDIR { return }
        guard below >= 0 else { throw FileError(SystemError.last("open \(path)/…/\(name)")) }
        close(position.descriptor)
        position.descriptor = below
        position.names.append(name)
        position.identities.append(identity(below))
    }

    /// Goes back up, unless somebody has moved the directory meanwhile: then up is somewhere else.
    private static func leave(_ position: inout Position, _ path: String) throws(FileError) {
        let above = openat(position.descriptor, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard above >= 0 else { throw FileError(SystemError.last("open \(path)")) }
        close(position.descriptor)
        position.descriptor = above
        position.identities.removeLast()
        guard identity(above) == position.identities.last else {
            throw FileError("cannot remove \(path): a directory in it was moved meanwhile")
        }
    }

    private static func identity(_ descriptor: Int32) -> Identity {
        var information = stat()
        // Of an open descriptor it fails only for want of kernel memory, and then nothing is the same as anything.
        guard fstat(descriptor, &information) == 0 else { return Identity(device: 0, inode: 0) }
        return Identity(device: UInt(information.st_dev), inode: UInt(information.st_ino))
    }
}

/// A file's name as the kernel has it, which need not be text.
struct RawName: CustomStringConvertible {
    private let bytes: [CChar]

    init(_ entry: UnsafeMutablePointer<dirent>) {
        bytes = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                Array(UnsafeBufferPointer(start: name, count: strlen(name) + 1))
            }
        }
    }

    var description: String { String(decoding: bytes.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self) }

    var isSelfOrParent: Bool { description == "." || description == ".." }

    func remove(from directory: Int32, isDirectory: Bool) -> Bool {
        unlinkat(directory, bytes, isDirectory ? AT_REMOVEDIR : 0) == 0
    }

    func open(in directory: Int32) -> Int32 {
        openat(directory, bytes, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }

    func status(in directory: Int32) -> stat? {
        var information = stat()
        return fstatat(directory, bytes, &information, AT_SYMLINK_NOFOLLOW) == 0 ? information : nil
    }
}
