// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import OneMachine
import UnitAgent

/// A unit whose pod is worked on.
struct UnitWork: Sendable {
    let number: Int
    let description: PodDescription
    let probes: UnitProbes
}

extension PodWork {
    /// Makes the pod of a unit, with the directories it shares with this machine.
    func makeUnit(_ unit: UnitWork, replacing: Bool) throws {
        try prepare(unit.description.name)
        try make(unit.description, replacing: replacing)
    }

    private func prepare(_ pod: String) throws {
        func account(_ number: UInt32) -> Account {
            Account(name: pod, userID: number, group: pod, groupID: number)
        }
        for (container, user) in [("charm", UInt32(0)), ("indico", 2000), ("indico-nginx", 2001)] {
            let directory = layout.container(container, of: pod)
            try FileStore.makeDirectory(directory, mode: 0o755, owner: account(user))
        }
        try FileStore.makeDirectory(layout.agent(pod), mode: 0o700)
        for volume in ["attachments", "backups"] {
            try FileStore.makeDirectory(layout.volume(volume), mode: 0o750, owner: account(2000))
        }
    }

    /// Waits until the front sends a unit no more requests, and has ended those it had sent.
    private func drain(_ unit: UnitWork) throws {
        try wait("the front lets go of \(unit.description.name)", atMost: .seconds(30)) {
            !isServing(unit.description.address)
        }
        // nginx's workers of before end with their last request.
        try wait("the front has ended its requests to \(unit.description.name)", atMost: .seconds(90)) {
            try !frontIsEnding()
        }
    }

    /// Whether workers of the front's former configurations still have requests.
    private func frontIsEnding() throws -> Bool {
        let front = try podman.containers().first { $0.name == "front-front" }
        guard let front, front.isRunning, front.process > 0 else { return false }
        return ProcessTable.descendants(of: ProcessID(rawValue: front.process)).contains { process in
            let title = (try? FileBytes.read("/proc/\(process.pid)/cmdline", limit: 4096)) ?? []
            return String(decoding: title, as: UTF8.self).contains("shutting down")
        }
    }

    /// Gives the unit a pod of the images it shall have.
    func roll(_ unit: UnitWork) throws {
        try drain(unit)
        try waitForLeadToPass(unit)
        try stop(unit.description.name)
        try makeUnit(unit, replacing: false)
        try wait("\(unit.description.name) serves", atMost: .seconds(300)) { unit.probes.health(unit.number).isServing }
    }

    /// Removes the unit: it is drained, its charm takes it down, its pod goes, and what is its own with it.
    func remove(_ unit: UnitWork) throws {
        let name = unit.description.name
        try drain(unit)
        try waitForLeadToPass(unit)
        let agent = AgentControlClient(socketPath: layout.controlSocket(name))
        if agent.isReachable {
            try agent.removeUnit()
            // The agent ends when its charm has done its last hook.
            try wait("the charm of \(name) has taken it down", atMost: .seconds(180)) { !agent.isReachable }
        }
        try stop(name)
        try DirectoryRemoval.remove(layout.pod(name))
        let number = unit.number
        try PodSpec.change(layout) { spec in spec.units.removeAll { $0.number == number } }
    }

    /// A unit that goes should not lead; where no other can, it does to its end.
    private func waitForLeadToPass(_ unit: UnitWork) throws {
        let agent = AgentControlClient(socketPath: layout.controlSocket(unit.description.name))
        let deadline = ContinuousClock.now + .seconds(15)
        while let snapshot = try? agent.status(), snapshot.unit.leader, ContinuousClock.now < deadline {
            usleep(100_000)
        }
    }
}
