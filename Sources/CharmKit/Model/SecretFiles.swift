// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A secret's content as files only this user can read, for as long as a tool needs them.
///
/// Arguments of a process are visible to everyone on the machine, so the values go by `key#file=path`, a form that
/// every Juju with secrets takes.
struct SecretFiles {
    private let directory: String
    private let keys: [String]

    init(content: [String: String]) throws(SecretError) {
        guard !content.isEmpty else { throw .empty }
        for key in content.keys where !Self.isValid(key: key) { throw .badKey(key) }
        keys = content.keys.sorted()
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/charm-secret-XXXXXX".utf8CString)
        // mkdtemp makes it with mode 0700.
        guard mkdtemp(&template) != nil else { throw Self.failure("mkdtemp in \(parent)") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        do throws(SecretError) {
            for (key, value) in content { try Self.write(value, to: "\(directory)/\(key)") }
        } catch {
            remove()
            throw error
        }
    }

    /// The arguments that name the files.
    var arguments: [String] { keys.map { "\($0)#file=\(directory)/\($0)" } }

    /// Removes the files; only those made here, by name.
    func remove() {
        for key in keys { unlink("\(directory)/\(key)") }
        rmdir(directory)
    }

    /// Three or more lowercase letters and digits with single inner hyphens, a letter first.
    static func isValid(key: String) -> Bool {
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let hyphen = UInt8(ascii: "-")
        let bytes = Array(key.utf8)
        guard let first = bytes.first, let last = bytes.last, letters.contains(first), last != hyphen else {
            return false
        }
        guard bytes.count(where: { $0 != hyphen }) >= 3 else { return false }
        guard bytes.allSatisfy({ letters.contains($0) || digits.contains($0) || $0 == hyphen }) else { return false }
        return !zip(bytes, bytes.dropFirst()).contains { $0 == hyphen && $1 == hyphen }
    }

    private static func write(_ value: String, to path: String) throws(SecretError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("open \(path)") }
        defer { close(descriptor) }
        let bytes = Array(value.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("write \(path)") }
            written += count
        }
    }

    private static func failure(_ operation: String) -> SecretError {
        .handOver("\(operation): \(String(cString: strerror(errno)))")
    }
}
