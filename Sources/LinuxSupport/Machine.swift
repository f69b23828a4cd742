// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The machine this runs on.
package enum Machine {
    /// A value that is new at each boot.
    package static func bootID() throws(SystemError) -> String {
        let bytes = try FileBytes.read("/proc/sys/kernel/random/boot_id", limit: 128)
        return String(decoding: bytes, as: UTF8.self).trimmingSuffixNewlines()
    }

    /// The name the machine goes by; empty if it has none.
    package static func hostName() -> String {
        var name = [CChar](repeating: 0, count: 256)
        // One byte is left for the end of a name that was cut.
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Finds a program by the directories of a `PATH`, as a shell would.
    ///
    /// A name with a slash is taken as it is.
    package static func findExecutable(_ name: String, path: String) -> String? {
        if name.contains("/") { return isExecutable(name) ? name : nil }
        for directory in path.split(separator: ":", omittingEmptySubsequences: false) {
            let candidate = directory.isEmpty ? "./\(name)" : "\(directory)/\(name)"
            if isExecutable(candidate) { return candidate }
        }
        return nil
    }

    private static func isExecutable(_ path: String) -> Bool {
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return false }
        return access(path, X_OK) == 0
    }
}

extension String {
    func trimmingSuffixNewlines() -> String {
        var text = self[...]
        while text.hasSuffix("\n") { text = text.dropLast() }
        return String(text)
    }
}
