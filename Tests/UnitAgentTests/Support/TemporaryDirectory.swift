// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// A directory of a test's own, removed with what is in it when the test drops it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/unit-agent-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("make a directory") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { remove(path) }

    func write(_ text: String, to name: String, mode: UInt32 = 0o644) throws {
        let path = "\(path)/\(name)"
        if let slash = path.lastIndex(of: "/") { try makeFolders(String(path[..<slash])) }
        try AtomicFile.write(text, to: path, mode: mode, isDurable: false)
    }

    func read(_ name: String) -> String {
        String(decoding: (try? FileBytes.read("\(path)/\(name)")) ?? [], as: UTF8.self)
    }

    func delete(_ name: String) throws {
        guard unlink("\(path)/\(name)") == 0 else { throw SystemError.last("remove \(name)") }
    }

    private func makeFolders(_ path: String) throws {
        var status = stat()
        if path.isEmpty || stat(path, &status) == 0 { return }
        try makeFolders(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw SystemError.last("make \(path)") }
    }

    /// Removes a tree without following links; only ever below the directory `mkdtemp` made.
    private func remove(_ path: String) {
        guard path.hasPrefix("/tmp/unit-agent-") else { return }
        if let stream = opendir(path) {
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name == "." || name == ".." { continue }
                var status = stat()
                guard lstat("\(path)/\(name)", &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR { remove("\(path)/\(name)") } else { unlink("\(path)/\(name)") }
            }
            closedir(stream)
        }
        rmdir(path)
    }
}
