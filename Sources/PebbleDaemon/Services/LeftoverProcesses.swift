// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import PebbleAPI

/// Processes that outlived the one that started them.
///
/// A number tells little, as the kernel uses it again: it is trusted only as far as the start times bear it out.
enum LeftoverProcesses {
    /// Signals a group whose leader is gone.
    ///
    /// Says whether there was anything of it left.
    @discardableResult
    static func signal(group: ProcessID, _ signal: Signal) -> Bool {
        // The kernel gives the number to no new process while the group lives. So if there is such a process again,
        // the group had died out and this is a stranger.
        guard ProcessTable.status(of: group) == nil else { return false }
        return ProcessTable.signalGroup(group, signal)
    }

    /// The members, still alive, of the group a recorded process led, or of a command's session.
    static func members(of record: ProcessRecord, bootID: String) -> [ProcessStatus] {
        guard record.bootID == bootID, record.pid > 1 else { return [] }
        let leader = ProcessID(rawValue: record.pid)
        if let status = ProcessTable.status(of: leader), status.startTime != record.startTime { return [] }
        let isCommand = record.kind == .command
        return ProcessTable.all().filter { status in
            (status.group == leader || isCommand && status.session == leader) && !status.isZombie
                && status.startTime >= record.startTime
        }
    }

    /// Ends what a daemon that crashed left running: asks, waits as long as each service allows, kills.
    static func terminate(
        _ records: [ProcessRecord],
        bootID: String,
        log: DaemonLog
    ) async {
        await withDiscardingTaskGroup { group in
            for record in records {
                group.addTask { await terminate(record, bootID: bootID, log: log) }
            }
        }
    }

    private static func terminate(_ record: ProcessRecord, bootID: String, log: DaemonLog) async {
        let group = ProcessID(rawValue: record.pid)
        guard !members(of: record, bootID: bootID).isEmpty else { return }
        guard record.kind != .command else { return await kill(record, bootID: bootID, log: log) }
        log.write("Service \"\(record.service)\" is still running from before (process group \(group)), stopping it")
        ProcessTable.signalGroup(group, .terminate)
        if await isGone(record, bootID: bootID, within: record.killDelay.duration) { return }
        ProcessTable.signalGroup(group, .kill)
        if await isGone(record, bootID: bootID, within: ServiceMachine.giveUpDelay) { return }
        log.write("Service \"\(record.service)\" from before is still running after SIGTERM and SIGKILL")
    }

    /// Ends what a command left that was itself killed with the daemon: nobody waits for it any more.
    private static func kill(_ record: ProcessRecord, bootID: String, log: DaemonLog) async {
        log.write("What \(record.service) started is still running from before (session \(record.pid)), killing it")
        // Whoever was just being started by one of them is found in the next round.
        for _ in 0..<100 {
            for member in members(of: record, bootID: bootID) { ProcessTable.signal(member.pid, .kill) }
            if await isGone(record, bootID: bootID, within: .milliseconds(50)) { return }
        }
        log.write("What \(record.service) started is still running after SIGKILL")
    }

    /// They are not our children, so nothing tells of their end: looked at until the time is up.
    private static func isGone(_ record: ProcessRecord, bootID: String, within time: Duration) async -> Bool {
        let clock = ContinuousClock()
        let deadline = clock.now + time
        while clock.now < deadline {
            if members(of: record, bootID: bootID).isEmpty { return true }
            try? await clock.sleep(for: .milliseconds(10))
        }
        return members(of: record, bootID: bootID).isEmpty
    }
}
