// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// The directory a daemon lives in.
enum DaemonDirectory {
    /// Makes and fills it as far as asked for, and refuses one that will not do.
    static func prepare(_ options: DaemonOptions) throws(DaemonError) {
        let path = options.directory
        guard path.hasPrefix("/") else { throw refusal("directory \"\(path)\" must be absolute") }
        if options.createsDirectories {
            let operations = FileOperations(accounts: Accounts())
            do throws(SystemError) {
                try operations.makeDirectories(path, mode: 0o700, owner: nil)
            } catch {
                throw refusal("cannot create directory: \(error)")
            }
        }
        if let source = options.copyOnceSource { try copyOnce(from: source, to: path) }
        var information = stat()
        guard stat(path, &information) == 0 else { throw refusal("directory \"\(path)\" does not exist") }
        guard information.st_mode & S_IFMT == S_IFDIR else { throw refusal("\"\(path)\" is not a directory") }
        guard access(path, W_OK) == 0 else { throw refusal("directory \"\(path)\" not writable") }
    }

    private static func refusal(_ reason: String) -> DaemonError {
        DaemonError(.invalid, reason)
    }

    /// Copies a directory into an empty or missing one.
    ///
    /// A source that is not there is no error.
    private static func copyOnce(from source: String, to target: String) throws(DaemonError) {
        if let names = names(in: target), !names.isEmpty { return }
        guard names(in: source) != nil else { return }
        do throws(SystemError) {
            try copyDirectory(source, target)
        } catch {
            throw refusal("cannot copy \"\(source)\" to \"\(target)\": \(error)")
        }
    }

    private static func copyDirectory(_ source: String, _ target: String) throws(SystemError) {
        if mkdir(target, 0o755) != 0, errno != EEXIST { throw .last("mkdir \(target)") }
        for name in names(in: source) ?? [] {
            let (from, to) = ("\(source)/\(name)", "\(target)/\(name)")
            var information = stat()
            guard lstat(from, &information) == 0 else { throw .last("stat \(from)") }
            switch information.st_mode & S_IFMT {
            case S_IFDIR: try copyDirectory(from, to)
            case S_IFLNK: try copyLink(from, to)
            case S_IFREG: try AtomicFile.write(try FileBytes.read(from), to: to, mode: information.st_mode & 0o777)
            default: throw SystemError(number: EINVAL, operation: "CopyFS \(from)")
            }
        }
    }

    /// A link stays one, wherever it leads.
    private static func copyLink(_ source: String, _ target: String) throws(SystemError) {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(source, &bytes, bytes.count)
        guard count >= 0 else { throw .last("readlink \(source)") }
        let destination = String(decoding: bytes.prefix(count), as: UTF8.self)
        guard symlink(destination, target) == 0 else { throw .last("symlink \(target)") }
    }

    private static func names(in path: String) -> [String]? {
        guard let directory = opendir(path) else { return nil }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) { names.append(DirectoryEntry.name(entry)) }
        return names.filter { $0 != "." && $0 != ".." }
    }
}
