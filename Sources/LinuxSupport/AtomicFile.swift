// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Writes files so that a reader, or a crash, sees the old content or the new and nothing between.
package struct AtomicFile {
    /// Who a file is to belong to.
    package struct Owner: Hashable, Sendable {
        package var userID: UInt32
        package var groupID: UInt32

        package init(userID: UInt32, groupID: UInt32) {
            self.userID = userID
            self.groupID = groupID
        }
    }

    private let path: String
    private let temporaryPath: String
    private var descriptor: Int32
    private let isDurable: Bool

    /// Writes a whole file: a temporary one beside it, flushed, renamed over it, and the directory flushed.
    ///
    /// Parameter `isDurable` false leaves out the flushing: still atomic against readers, not against a power cut.
    package static func write(
        _ bytes: some Collection<UInt8>,
        to path: String,
        mode: UInt32,
        owner: Owner? = nil,
        isDurable: Bool = true
    ) throws(SystemError) {
        var file = try AtomicFile(path: path, mode: mode, owner: owner, isDurable: isDurable)
        do throws(SystemError) {
            try file.append(bytes)
            try file.commit()
        } catch {
            file.discard()
            throw error
        }
    }

    /// Writes text: see ``write(_:to:mode:owner:isDurable:)``.
    package static func write(
        _ text: String,
        to path: String,
        mode: UInt32,
        owner: Owner? = nil,
        isDurable: Bool = true
    ) throws(SystemError) {
        try write(Array(text.utf8), to: path, mode: mode, owner: owner, isDurable: isDurable)
    }

    /// Begins a file that is filled piece by piece and appears at `commit`.
    package init(path: String, mode: UInt32, owner: Owner? = nil, isDurable: Bool = true) throws(SystemError) {
        self.path = path
        self.isDurable = isDurable
        let (directory, name) = Self.split(path)
        // Cut, as the whole must stay under the 255 bytes a name may have.
        let stem = String(decoding: name.utf8.prefix(200), as: UTF8.self)
        temporaryPath = "\(directory)/.\(stem).\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
        let temporary = temporaryPath
        // Nobody else may look into it before it has its mode and owner.
        descriptor = try retryingOnInterrupt("open \(path)") {
            open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        let opened = descriptor
        do throws(SystemError) {
            if let owner {
                _ = try retryingOnInterrupt("chown \(path)") { fchown(opened, owner.userID, owner.groupID) }
            }
            // Explicitly, so that the umask has no say; after chown, which clears the set-user bits.
            _ = try retryingOnInterrupt("chmod \(path)") { fchmod(opened, mode) }
        } catch {
            discard()
            throw error
        }
    }

    /// Adds to the content.
    package func append(_ bytes: some Collection<UInt8>) throws(SystemError) {
        try FileBytes.write(bytes, to: descriptor, named: path)
    }

    /// Puts the file in its place.
    package mutating func commit() throws(SystemError) {
        let opened = descriptor
        if isDurable { _ = try retryingOnInterrupt("fsync \(path)") { fsync(opened) } }
        _ = try retryingOnInterrupt("rename \(path)") { rename(temporaryPath, path) }
        close(descriptor)
        descriptor = -1
        if isDurable { try Self.synchroniseDirectory(Self.split(path).directory) }
    }

    /// Gives the file up.
    ///
    /// Does nothing after `commit`.
    package mutating func discard() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        unlink(temporaryPath)
    }

    /// Makes the names in a directory survive a power cut.
    package static func synchroniseDirectory(_ directory: String) throws(SystemError) {
        let opened = try retryingOnInterrupt("open \(directory)") {
            open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        defer { close(opened) }
        _ = try retryingOnInterrupt("fsync \(directory)") { fsync(opened) }
    }

    private static func split(_ path: String) -> (directory: String, name: Substring) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path[...]) }
        return (slash == path.startIndex ? "/" : String(path[..<slash]), path[path.index(after: slash)...])
    }
}
