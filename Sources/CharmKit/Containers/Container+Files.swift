// SPDX-License-Identifier: Apache-2.0

public import PebbleAPI

extension Container {
    /// Reads a file.
    ///
    /// - Parameter path: Its absolute path in the container.
    /// - Returns: Its content.
    /// - Throws: ``ContainerError`` of kind ``ContainerError/Kind/notFound`` when there is none.
    public func pull(_ path: String) throws -> [UInt8] {
        try connection.readFile(path)
    }

    /// Reads a file that may not exist.
    ///
    /// - Parameter path: Its absolute path in the container.
    /// - Returns: Its content, or nil when there is no such file.
    /// - Throws: ``ContainerError`` when it cannot be read for another reason.
    public func pullIfPresent(_ path: String) throws -> [UInt8]? {
        do {
            return try connection.readFile(path)
        } catch let error as ContainerError where error.kind == .notFound {
            return nil
        }
    }

    /// Reads a file as text.
    ///
    /// - Parameter path: Its absolute path in the container.
    /// - Returns: Its content, with what is not UTF-8 replaced.
    /// - Throws: As ``pull(_:)``.
    public func pullText(_ path: String) throws -> String {
        String(decoding: try pull(path), as: UTF8.self)
    }

    /// Writes a file, all of it or nothing.
    ///
    /// - Parameters:
    ///   - content: Its content.
    ///   - path: Its absolute path in the container.
    ///   - options: Its permissions and owner.
    /// - Throws: ``ContainerError`` when it cannot be written.
    public func push(_ content: [UInt8], to path: String, options: FileOptions = FileOptions()) throws {
        try connection.writeFile(path, content, options: options)
    }

    /// Writes a text file, all of it or nothing.
    ///
    /// - Parameters:
    ///   - text: Its content.
    ///   - path: Its absolute path in the container.
    ///   - options: Its permissions and owner.
    /// - Throws: ``ContainerError`` when it cannot be written.
    public func push(_ text: String, to path: String, options: FileOptions = FileOptions()) throws {
        try push(Array(text.utf8), to: path, options: options)
    }

    /// Writes a file unless it has that content already.
    ///
    /// - Parameters:
    ///   - content: Its content.
    ///   - path: Its absolute path in the container.
    ///   - options: Its permissions and owner when it is written; those of an unchanged file stay as they are.
    /// - Returns: Whether it was written.
    /// - Throws: ``ContainerError`` when it cannot be read or written.
    public func pushIfChanged(_ content: [UInt8], to path: String, options: FileOptions = FileOptions()) throws -> Bool
    {
        if try pullIfPresent(path) == content { return false }
        try push(content, to: path, options: options)
        return true
    }

    /// Lists a directory.
    ///
    /// - Parameters:
    ///   - path: The directory's absolute path in the container.
    ///   - pattern: Only entries whose name matches this glob.
    /// - Returns: The entries, by name.
    /// - Throws: ``ContainerError`` of kind ``ContainerError/Kind/notFound`` when there is no such directory.
    public func listFiles(_ path: String, pattern: String? = nil) throws -> [FileInfo] {
        try connection.listFiles(path, pattern: pattern, itself: false)
    }

    /// Reads what is at a path.
    ///
    /// - Parameter path: The absolute path in the container.
    /// - Returns: What is there, or nil when nothing is.
    /// - Throws: ``ContainerError`` when it cannot be told.
    public func fileInfo(_ path: String) throws -> FileInfo? {
        do {
            return try connection.listFiles(path, pattern: nil, itself: true).first
        } catch let error as ContainerError where error.kind == .notFound {
            return nil
        }
    }

    /// Makes a directory.
    ///
    /// - Parameters:
    ///   - path: Its absolute path in the container.
    ///   - options: Its permissions and owner, and whether parents are made.
    /// - Throws: ``ContainerError`` when it cannot be made.
    public func makeDirectory(_ path: String, options: FileOptions = FileOptions(makeParents: true)) throws {
        try connection.makeDirectory(path, options: options)
    }

    /// Removes a file or directory.
    ///
    /// - Parameters:
    ///   - path: Its absolute path in the container.
    ///   - recursive: Whether to remove what a directory holds; then an absent path is fine.
    /// - Throws: ``ContainerError`` when it cannot be removed.
    public func removePath(_ path: String, recursive: Bool = false) throws {
        try connection.removePath(path, recursive: recursive)
    }
}
