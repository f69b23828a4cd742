// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// A process as `/proc` shows it.
package struct ProcessEntry: Hashable, Sendable {
    package var pid: Int32
    package var parent: Int32
    /// The state letter: Z is a zombie.
    package var state: Character
    package var userID: UInt32
    package var arguments: [String]
    package var name: String

    package var commandLine: String { arguments.isEmpty ? "[\(name)]" : arguments.joined(separator: " ") }
}

/// The processes of this machine at one moment.
package struct ProcessTree: Sendable {
    package var entries: [Int32: ProcessEntry]

    package init(entries: [ProcessEntry]) {
        self.entries = Dictionary(entries.map { ($0.pid, $0) }) { first, _ in first }
    }

    /// Reads `/proc`. A process that ends meanwhile is left out.
    package static func now() -> ProcessTree {
        let names = (try? FileStore.names(in: "/proc")) ?? []
        return ProcessTree(entries: names.compactMap { Int32($0) }.compactMap(entry))
    }

    /// One process, if it is there.
    package static func entry(_ pid: Int32) -> ProcessEntry? {
        guard let line = try? FileStore.text("/proc/\(pid)/stat"), let close = line.lastIndex(of: ")"),
            let open = line.firstIndex(of: "(")
        else { return nil }
        // The name may hold spaces and brackets; what follows the last bracket may not.
        let fields = line[line.index(after: close)...].split(separator: " ")
        guard fields.count > 2, let state = fields[0].first, let parent = Int32(fields[1]) else { return nil }
        let arguments = ((try? FileStore.read("/proc/\(pid)/cmdline")) ?? nil) ?? []
        return ProcessEntry(
            pid: pid,
            parent: parent,
            state: state,
            userID: FileStore.status(of: "/proc/\(pid)")?.st_uid ?? 0,
            arguments: arguments.split(separator: 0).map { String(decoding: $0, as: UTF8.self) },
            name: String(line[line.index(after: open)..<close])
        )
    }

    /// All that descend from a process, nearest first.
    package func descendants(of pid: Int32) -> [ProcessEntry] {
        var children: [Int32: [ProcessEntry]] = [:]
        for entry in entries.values { children[entry.parent, default: []].append(entry) }
        var found: [ProcessEntry] = []
        var queue = [pid]
        while let next = queue.popLast() {
            let below = (children[next] ?? []).sorted { $0.pid < $1.pid }
            found += below
            queue += below.map(\.pid)
        }
        return found
    }
}
