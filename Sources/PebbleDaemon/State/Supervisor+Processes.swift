// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import PebbleAPI

// What runs, noted down for a daemon that comes after a crash of this one.
extension Supervisor {
    /// Notes a process down before it runs its program: a crash right now leaves none that nobody knows of.
    func remember(_ kind: ProcessRecord.Kind, _ pid: ProcessID, of name: String, killDelay: Duration) {
        guard store != nil, let status = ProcessTable.status(of: pid) else { return }
        let record = ProcessRecord(
            kind: kind == .service ? nil : kind,
            service: name,
            pid: pid.rawValue,
            startTime: status.startTime,
            bootID: surroundings.machineBootID,
            killDelay: GoDuration(killDelay)
        )
        document.processes[record.key] = record
        save(.process(record))
        flush()
    }

    /// To be called when a command has ended: what it leaves running then, it leaves on purpose.
    func forgetCommand(_ pid: ProcessID) {
        let key = ProcessRecord.key(ofCommand: pid.rawValue)
        guard document.processes.removeValue(forKey: key) != nil else { return }
        save(.processGone(service: key))
    }
}
