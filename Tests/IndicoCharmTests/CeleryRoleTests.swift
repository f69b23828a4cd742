// SPDX-License-Identifier: Apache-2.0
import CharmKit
import CharmTesting
import Testing

@testable import IndicoCharm

/// What of Celery runs where: tasks on all units when asked for, their scheduler on one.
@Suite struct CeleryRoleTests {
    /// A unit beside the elected one, `indico/0`.
    private func neighbour(onAllUnits: Bool) throws -> IndicoWorld {
        var world = try IndicoWorld(isLeader: false, unit: 1)
        world.workload.change { $0.database = "current" }
        world.world.config["celery_on_all_units"] = .bool(onAllUnits)
        world.toldPeers = ["secret-key": "k", "celery-unit": "indico/0"]
        return world
    }

    @Test func `with the option every unit has a worker, and still one has the scheduler`() throws {
        var world = try neighbour(onAllUnits: true)
        let output = try world.run(.configChanged)
        #expect(output.world.unitStatus == .active())
        #expect(world.running("celery-worker"))
        for name in IndicoLayer.electedServices { #expect(!world.running(name), "\(name)") }
        let checks = try world.plan("indico").checks
        #expect(checks["celery-worker"]?.isEnabled == true && checks["celery-exporter"] == nil)
    }

    @Test func `the option taken back ends the worker where Celery was not elected`() throws {
        var world = try neighbour(onAllUnits: true)
        try world.run(.configChanged)
        world.world.config["celery_on_all_units"] = .bool(false)
        try world.run(.configChanged)
        #expect(!world.running("celery-worker"))
        #expect(try world.plan("indico").services["celery-worker"]?.isEnabled == false)
    }

    @Test func `a unit that loses the election while Blocked keeps its worker and gives up the scheduler`() throws {
        var world = try IndicoWorld.serving()
        #expect(world.running("celery-beat"))
        world.world.config["celery_on_all_units"] = .bool(true)
        world.world.config["workers"] = .integer(-1)
        world.world.isLeader = false
        world.toldPeers["celery-unit"] = "indico/1"
        let peers = try #require(world.world[relation: "indico-peers"])
        let output = try world.run(.relationChanged(peers.event()))
        #expect(output.world.unitStatus?.kind == .blocked)
        #expect(world.running("celery-worker") && !world.running("celery-beat"))
    }

    @Test func `a paused site works on no task on any unit`() throws {
        var world = try neighbour(onAllUnits: true)
        try world.run(.configChanged)
        world.toldPeers["paused"] = "back at five"
        let peers = try #require(world.world[relation: "indico-peers"])
        try world.run(.relationChanged(peers.event()))
        #expect(!world.running("celery-worker"))
    }

    /// A unit whose charm was upgraded has another module: what waits for the lease in the old one never learns of it.
    @Test func `another module of the charm's starts the scheduler anew, and nothing of Indico's`() throws {
        var world = try IndicoWorld.serving()
        world.world.containers["indico"]?.files["/srv/indico/etc/indico_workload.py"] = .text("# an older module\n")
        let output = try world.run(.upgradeCharm)
        #expect(output.world.unitStatus == .active())
        #expect(output.world.containers["indico"]?.text("/srv/indico/etc/indico_workload.py") == "# module\n")
        #expect(started(output) == ["celery-beat"])
        #expect(try started(world.run(.updateStatus)).isEmpty)
    }

    private func started(_ output: Output) -> [String] {
        output.changes(in: "indico").compactMap { change in
            if case .started(let name) = change { name } else { nil }
        }
    }
}
