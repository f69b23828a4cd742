// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

/// The processes of a dispatch that outlived the agent which started it.
enum Leftovers {
    /// Kills what still runs of a dispatch, so that it does not run beside its own retry.
    ///
    /// They are known by the context id in the environment they were started with, which nobody else has: a recorded
    /// process number could belong to a stranger by now.
    ///
    /// - Returns: The processes killed.
    static func kill(contextID: String) -> [ProcessID] {
        let mark = Array("JUJU_CONTEXT_ID=\(contextID)".utf8)
        var killed: [ProcessID] = []
        // Twice: a process may have forked between the look and the signal.
        for _ in 0..<2 {
            for process in ProcessTable.all() where process.pid != .current && carries(mark, process.pid) {
                if ProcessTable.signal(process.pid, .kill) { killed.append(process.pid) }
            }
        }
        return killed
    }

    private static func carries(_ mark: [UInt8], _ pid: ProcessID) -> Bool {
        // Processes of others cannot be read, and are not ours.
        guard let environment = try? FileBytes.read("/proc/\(pid)/environ", limit: 4 << 20) else { return false }
        return environment.split(separator: 0).contains { $0.elementsEqual(mark) }
    }
}
