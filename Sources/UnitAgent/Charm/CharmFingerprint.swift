// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// Tells one charm from another by the contents of its files.
enum CharmFingerprint {
    /// The fingerprint of the charm unpacked in `directory`: its top-level files and those under `src`.
    ///
    /// Names and contents count, times do not: unpacking the same charm again is no upgrade.
    static func of(directory: String) throws(SystemError) -> String {
        var hash = ContentHash()
        for folder in ["", "src/"] {
            for name in names(in: "\(directory)/\(folder)") {
                hash.add("\(folder)\(name)".utf8)
                hash.add(try FileBytes.read("\(directory)/\(folder)\(name)"))
            }
        }
        return hash.text
    }

    /// The regular files of a folder, hidden ones left out: charms keep their own state in those.
    private static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            var status = stat()
            guard !name.hasPrefix("."), stat("\(folder)\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG
            else {
                continue
            }
            names.append(name)
        }
        return names.sorted()
    }
}

/// A 64-bit hash of bytes, FNV-1a over words of eight: to notice change, not to withstand an attacker.
struct ContentHash {
    private var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Adds bytes and their count, so that the border between two additions matters.
    mutating func add(_ bytes: some Sequence<UInt8>) { add(Array(bytes)) }

    /// Adds bytes and their count.
    mutating func add(_ bytes: [UInt8]) {
        // By whole words: a charm may be a binary of a hundred megabytes.
        bytes.withUnsafeBytes { buffer in
            let words = buffer.count / 8
            for index in 0..<words { mix(buffer.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)) }
            mix(buffer[(words * 8)...].reduce(0) { $0 << 8 | UInt64($1) })
            mix(UInt64(buffer.count))
        }
    }

    private mutating func mix(_ word: UInt64) {
        value = (value ^ word) &* 0x0000_0100_0000_01b3
        // The multiplication carries upwards only; without this the high bits of a word would never reach the low ones.
        value ^= value >> 29
    }

    var text: String { String(value, radix: 16) }
}
