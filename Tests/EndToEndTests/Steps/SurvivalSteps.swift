// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import OneMachine

/// What the machine does to the installation, and how it ends.
extension EndToEndTests {
    func kill(_ victim: Victim, _ journey: Journey) throws {
        let machine = journey.machine
        try machine.settle()
        guard let process = victim.find(machine) else {
            let all = machine.processes().map { "\($0.pid) \($0.commandLine.prefix(120))" }.joined(separator: "\n")
            throw Failure("\(victim.name) is not among the processes:\n\(all)")
        }
        journey.note("   process \(process.pid): \(process.commandLine.prefix(100))")
        guard ProcessTable.signal(process.pid, .kill) else { throw Failure("process \(process.pid) cannot be killed") }
        _ = try eventually("the end of process \(process.pid)", within: .seconds(10)) {
            ProcessTable.status(of: process.pid).map { $0.isZombie } ?? true ? true : nil
        }
        if victim.comesBack {
            // Killed threads take a moment: until they are gone the old process still holds its socket.
            _ = try eventually("another in the place of process \(process.pid)", within: .seconds(120)) {
                victim.find(machine).flatMap { $0.pid == process.pid ? nil : true }
            }
        }
        try machine.settle()
        try findEvent(journey)
        let orphans = try machine.lastingOrphans()
        try ensure(orphans.isEmpty, "nobody supervises \(orphans.map { "\($0.pid) \($0.commandLine.prefix(100))" })")
    }

    func goDown(_ journey: Journey) throws {
        let machine = journey.machine
        try machine.settle()
        try goDownNow(journey)
        try ensure(try machine.attempt(["status"]).exit == .exited(code: 1), "status of what is down does not fail")
        journey.note(try machine.run(["down"]))
    }

    private func goDownNow(_ journey: Journey) throws {
        let machine = journey.machine
        let began = ContinuousClock.now
        journey.note(try machine.run(["down"]))
        journey.note("down took \(Journey.seconds(.now - began)) s")
        let left = machine.processes()
        try ensure(left.isEmpty, "left: \(left.map { "\($0.pid) \($0.commandLine.prefix(100))" })")
    }

    /// `down` while the charm is at work: nothing of it goes on, and the next `up` does what it had begun.
    func goDownInMidHook(_ journey: Journey) throws {
        let machine = journey.machine
        try machine.settle()
        let address = "night-\(Int.random(in: 1000...9999))@example.com"
        try machine.run(["config", "indico_public_support_email=\(address)"])
        let charm = try eventually("a running charm", within: .seconds(30)) { machine.charm() }
        journey.note("   process \(charm.pid): \(charm.commandLine.prefix(100))")
        try goDownNow(journey)
        journey.note(try machine.run(["up"]))
        _ = try eventually("\(address) on the contact page", within: .seconds(400)) {
            try journey.browser.get("/contact").body.contains(address) ? true : nil
        }
        try machine.settle()
        try findEvent(journey)
    }

    func comeBack(_ journey: Journey) throws {
        let began = ContinuousClock.now
        journey.note(try journey.machine.run(["up"]))
        journey.note("up after down took \(Journey.seconds(.now - began)) s")
        try findEvent(journey)
        // Nobody is logged out by it.
        try beKnown(journey)
    }

    func destroy(_ journey: Journey) throws {
        let machine = journey.machine
        let refused = try machine.attempt(["destroy"])
        try ensure(refused.exit == .exited(code: 2), "destroy without a terminal and --yes: \(refused.exit)")
        journey.note(try machine.run(["destroy", "--yes"]))
        try ensure(machine.processes().isEmpty, "\(machine.processes().map(\.commandLine)) are left")
        try ensure(!FileStore.exists(machine.state.path), "\(machine.state.path) is left")
    }
}
