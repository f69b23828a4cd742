// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// A directory of a test's own, of which the test names the files it makes and they go with it.
final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/linux-support.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        // Tests run programs in it under other users.
        chmod(path, 0o755)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    deinit {
        // One level of plain files is all the tests make.
        if let directory = opendir(path) {
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != "." && name != ".." { unlink("\(path)/\(name)") }
            }
            closedir(directory)
        }
        rmdir(path)
    }
}
