// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What the kernel tells about a process in `/proc/PID/stat`.
package struct ProcessStatus: Equatable, Sendable {
    package var pid: ProcessID
    package var parent: ProcessID
    package var group: ProcessID
    package var session: ProcessID
    /// The letter of the state; `Z` is a process that ended and waits to be reaped.
    package var state: Character
    /// Clock ticks between boot and start.
    ///
    /// With the pid it names a process for as long as the machine is up.
    package var startTime: UInt64

    package var isZombie: Bool { state == "Z" || state == "X" }

    /// Reads the line of `/proc/PID/stat`.
    package init?(statLine line: String) {
        // The name stands in parentheses and may itself hold any character, so the last one counts.
        guard let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: close)...].split(separator: " ")
        guard let pid = Int32(line[..<open].split(separator: " ").first ?? ""), fields.count > 19,
            let state = fields[0].first, let parent = Int32(fields[1]), let group = Int32(fields[2]),
            let session = Int32(fields[3]), let startTime = UInt64(fields[19])
        else { return nil }
        self.pid = ProcessID(rawValue: pid)
        self.parent = ProcessID(rawValue: parent)
        self.group = ProcessID(rawValue: group)
        self.session = ProcessID(rawValue: session)
        self.state = state
        self.startTime = startTime
    }
}

/// The processes of this machine.
package enum ProcessTable {
    /// The status of one process, nil if there is none of that number.
    package static func status(of pid: ProcessID) -> ProcessStatus? {
        guard let bytes = try? FileBytes.read("/proc/\(pid)/stat", limit: 4096) else { return nil }
        return ProcessStatus(statLine: String(decoding: bytes, as: UTF8.self))
    }

    /// Every process that could be read.
    package static func all() -> [ProcessStatus] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var found: [ProcessStatus] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let pid = Int32(name), let status = status(of: ProcessID(rawValue: pid)) else { continue }
            found.append(status)
        }
        return found
    }

    /// The children, their children and so on, parents first.
    package static func descendants(of root: ProcessID) -> [ProcessStatus] {
        let children = Dictionary(grouping: all(), by: \.parent)
        var found: [ProcessStatus] = []
        var queue = [root]
        while let parent = queue.popLast() {
            for child in children[parent] ?? [] {
                found.append(child)
                queue.append(child.pid)
            }
        }
        return found
    }

    /// The living processes of a group.
    package static func members(ofGroup group: ProcessID) -> [ProcessStatus] {
        all().filter { $0.group == group && !$0.isZombie }
    }

    /// Signals one process.
    ///
    /// Never process 1, a whole group, or this process.
    @discardableResult
    package static func signal(_ pid: ProcessID, _ signal: Signal) -> Bool {
        guard pid.rawValue > 1, pid != .current else { return false }
        return kill(pid.rawValue, signal.rawValue) == 0
    }

    /// Signals a process group.
    ///
    /// Never the caller's own, and never what `kill` takes for "everything".
    @discardableResult
    package static func signalGroup(_ group: ProcessID, _ signal: Signal) -> Bool {
        guard group.rawValue > 1, group.rawValue != getpgrp() else { return false }
        return kill(-group.rawValue, signal.rawValue) == 0
    }
}
