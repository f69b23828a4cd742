// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI

/// What clients ask to be done to files.
///
/// Blocks: not for the supervisor's loop.
struct FileOperations: Sendable {
    var accounts: Accounts

    /// Does something for each item and reports for each.
    func each<Item>(_ items: [Item], path: (Item) -> String, _ body: (Item) throws -> Void) -> [FileResult] {
        items.map { item in
            do {
                try requireAbsolute(path(item))
                try body(item)
                return FileResult(path: path(item))
            } catch {
                return FileResult(path: path(item), error: FileError.of(error).result)
            }
        }
    }

    func requireAbsolute(_ path: String) throws(FileError) {
        guard path.hasPrefix("/"), !path.utf8.contains(0) else {
            throw FileError("paths must be absolute, got \"\(path)\"")
        }
    }

    /// Reads three octal digits.
    static func mode(_ text: String?, default fallback: UInt32) throws(FileError) -> UInt32 {
        guard let text, !text.isEmpty else { return fallback }
        // The number alone would also take a sign.
        guard text.utf8.count == 3, text.utf8.allSatisfy({ (48...55).contains($0) }),
            let mode = UInt32(text, radix: 8)
        else {
            throw FileError("permissions must be a 3-digit octal string, got \"\(text)\"")
        }
        return mode
    }

    func owner(_ ownership: Ownership) throws(FileError) -> AtomicFile.Owner? {
        do throws(DaemonError) {
            return try accounts.resolve(ownership).map {
                AtomicFile.Owner(userID: $0.identity.userID, groupID: $0.identity.groupID)
            }
        } catch {
            throw FileError("cannot look up user and group: \(error)")
        }
    }

    // MARK: - Directories

    func makeDirectory(_ item: MakeDirectoryItem) throws {
        let mode = try Self.mode(item.permissions, default: 0o755)
        let owner = try owner(item.ownership)
        if item.makeParents {
            try makeDirectories(item.path, mode: mode, owner: owner)
        } else {
            try makeOne(item.path, mode: mode, owner: owner)
        }
    }

    /// Makes a directory and what is missing above it, which gets the same mode and owner.
    func makeDirectories(_ path: String, mode: UInt32, owner: AtomicFile.Owner?) throws(SystemError) {
        var missing: [String] = []
        var next = path
        var information = stat()
        while stat(next, &information) != 0 {
            // Anything else does not get better further up, and a path without measure has many levels.
            guard errno == ENOENT || errno == ENOTDIR else { throw SystemError.last("mkdir \(next)") }
            missing.append(next)
            next = Self.parent(next)
        }
        guard information.st_mode & S_IFMT == S_IFDIR else {
            throw SystemError(number: ENOTDIR, operation: "mkdir \(next)")
        }
        for path in missing.reversed() {
            let made = Result { () throws(SystemError) in try makeOne(path, mode: mode, owner: owner) }
            // Somebody else may have made it in the meantime.
            if case .failure(let error) = made, error.number != EEXIST { throw error }
        }
    }

    private func makeOne(_ path: String, mode: UInt32, owner: AtomicFile.Owner?) throws(SystemError) {
        guard mkdir(path, 0o700) == 0 else { throw SystemError.last("mkdir \(path)") }
        if let owner, chown(path, owner.userID, owner.groupID) != 0 {
            let error = SystemError.last("chown \(path)")
            rmdir(path)
            throw error
        }
        // Explicitly, so that the umask has no say.
        guard chmod(path, mode) == 0 else { throw SystemError.last("chmod \(path)") }
    }

    static func parent(_ path: String) -> String {
        let slash = UInt8(ascii: "/")
        var bytes = path.utf8[...]
        while bytes.last == slash { bytes.removeLast() }
        while let last = bytes.last, last != slash { bytes.removeLast() }
        while bytes.last == slash { bytes.removeLast() }
        return bytes.isEmpty ? "/" : String(decoding: bytes, as: UTF8.self)
    }

    // MARK: - Removing

    func remove(_ item: RemovePathItem) throws {
        if item.recursive {
            try RecursiveRemoval.remove(item.path)
        } else {
            guard Glibc.remove(item.path) == 0 else { throw FileError(SystemError.last("remove \(item.path)")) }
        }
    }

    // MARK: - Writing

    /// Begins a file that is filled piece by piece.
    func beginWriting(_ item: WriteFileItem) throws -> AtomicFile {
        try requireAbsolute(item.path)
        let mode = try Self.mode(item.permissions, default: 0o644)
        let owner = try owner(item.ownership)
        if item.makeDirs {
            do throws(SystemError) {
                try makeDirectories(Self.parent(item.path), mode: 0o755, owner: owner)
            } catch {
                var problem = FileError(error)
                problem.message = "cannot create directory: \(problem.message)"
                throw problem
            }
        }
        return try AtomicFile(path: item.path, mode: mode, owner: owner)
    }
}
