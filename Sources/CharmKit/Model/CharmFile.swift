// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads what lies in the unpacked charm.
///
/// Without Foundation, which would be most of what a dispatch has in memory.
package enum CharmFile {
    /// Reads a file.
    ///
    /// - Parameter path: Its path.
    /// - Returns: All of it.
    /// - Throws: ``CharmFileError`` when it cannot be read.
    package static func content(of path: String) throws(CharmFileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CharmFileError(path: path, number: errno) }
        defer { close(descriptor) }
        var status = stat()
        var content: [UInt8] = []
        if fstat(descriptor, &status) == 0 { content.reserveCapacity(Int(status.st_size)) }
        while true {
            let (count, number) = withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { piece in
                let count = read(descriptor, piece.baseAddress, piece.count)
                if count > 0 { content.append(contentsOf: piece[..<count]) }
                return (count, errno)
            }
            if count == 0 { return content }
            guard count > 0 || number == EINTR else { throw CharmFileError(path: path, number: number) }
        }
    }

    /// Reads a file of text.
    ///
    /// - Parameter path: Its path.
    /// - Returns: All of it.
    /// - Throws: ``CharmFileError`` when it cannot be read or is not UTF-8.
    package static func text(of path: String) throws(CharmFileError) -> String {
        guard let text = String(validating: try content(of: path), as: UTF8.self) else {
            throw CharmFileError(path: path, problem: "it is not text in UTF-8")
        }
        return text
    }

    /// Lists a directory.
    ///
    /// - Parameter path: Its path.
    /// - Returns: The names in it, in any order; none when there is no such directory.
    /// - Throws: ``CharmFileError`` when it cannot be read.
    package static func names(in path: String) throws(CharmFileError) -> [String] {
        guard let directory = opendir(path) else {
            guard errno != ENOENT else { return [] }
            throw CharmFileError(path: path, number: errno)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

/// A file of the charm that cannot be read.
package struct CharmFileError: Error, Hashable, CustomStringConvertible {
    /// The file.
    package let path: String
    /// What is wrong with it.
    package let problem: String

    init(path: String, problem: String) {
        (self.path, self.problem) = (path, problem)
    }

    init(path: String, number: Int32) {
        self.init(path: path, problem: String(cString: strerror(number)))
    }

    /// What happened, in words.
    package var description: String { "cannot read \(path): \(problem)" }
}
