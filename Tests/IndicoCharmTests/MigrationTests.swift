// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import CharmTesting
import PebbleAPI
import Testing

@testable import IndicoCharm

/// Guarantee G2: the schema is upgraded once, by the leader, after a backup.
@Suite struct MigrationTests {
    /// A unit whose database is behind its code.
    private func behind(isLeader: Bool = true, hasPlace: Bool = true) throws -> IndicoWorld {
        var world = try IndicoWorld(isLeader: isLeader)
        world.workload.change { $0.database = "behind" }
        if hasPlace { world.world.containers["indico"]?.files["/srv/indico/backups"] = .directory() }
        return world
    }

    private func upgrades(_ output: Output) -> [ExecCommand] {
        output.commands(in: "indico").filter { $0.words.last == "db-upgrade" }
    }

    @Test func `a database that is behind is upgraded by the leader, which is told where the backup goes`() throws {
        var world = try behind()
        let output = try world.run(.configChanged)
        let upgrade = try #require(upgrades(output).first)
        #expect(String(decoding: upgrade.input, as: UTF8.self).contains(#""directory":"/srv/indico/backups""#))
        #expect(output.world.unitStatus == .active())
        #expect(output.shownStatuses.contains(.maintenance("backing up and upgrading the database")))
    }

    @Test func `without a place for a backup nothing is touched and both ways out are named`() throws {
        var world = try behind(hasPlace: false)
        let output = try world.run(.configChanged)
        #expect(upgrades(output).isEmpty)
        #expect(output.world.unitStatus?.kind == .blocked)
        let message = try #require(output.world.unitStatus?.message)
        #expect(message.contains("attach the storage backups") && message.contains("backup=false"))

        world.world.actionParameters = ["backup": .bool(false)]
        let forced = try world.run(.action(ActionEvent(name: "run-migrations", id: "1")))
        #expect(forced.action?.failure == nil)
        #expect(forced.action?.results["state"] == "current")
        #expect(forced.world.unitStatus == .active())
    }

    @Test func `an upgrade that failed is not tried again by itself, but by run-migrations`() throws {
        var world = try behind()
        world.workload.change { $0.failingVerbs["db-upgrade"] = "upgrade-failed" }
        let first = try world.run(.configChanged)
        #expect(first.world.unitStatus == .blocked("database: it says upgrade-failed"))
        let second = try world.run(.updateStatus)
        #expect(upgrades(second).isEmpty)
        #expect(second.world.unitStatus == .blocked("database: it says upgrade-failed"))

        world.workload.change { $0.failingVerbs = [:] }
        let third = try world.run(.action(ActionEvent(name: "run-migrations", id: "1")))
        #expect(upgrades(third).count == 1)
        #expect(third.world.unitStatus == .active())
    }

    @Test func `run-migrations looks also where a look was taken a moment ago`() throws {
        var world = try IndicoWorld.serving()
        world.world.containers["indico"]?.files["/srv/indico/backups"] = .directory()
        world.workload.change { $0.database = "behind" }
        let output = try world.run(.action(ActionEvent(name: "run-migrations", id: "1")))
        #expect(output.action?.failure == nil)
        #expect(upgrades(output).count == 1)
    }

    @Test func `an upgrade whose process was killed is tried again at the next event`() throws {
        var world = try behind()
        world.workload.change { $0.failingVerbs["db-upgrade"] = "no-reply" }
        try world.run(.configChanged)
        world.workload.change { $0.failingVerbs = [:] }
        let second = try world.run(.updateStatus)
        #expect(upgrades(second).count == 1)
        #expect(second.world.unitStatus == .active())
    }

    @Test func `a failing upgrade leaves a serving site as it is`() throws {
        var world = try IndicoWorld.serving()
        world.world.containers["indico"]?.files["/srv/indico/backups"] = .directory()
        world.workload.change {
            $0.database = "behind"
            $0.failingVerbs["db-upgrade"] = "upgrade-failed"
        }
        world.world.config["workers"] = .integer(3)
        // Another leader has seen another schema: a look is due.
        world.toldPeers["database-mark"] = "another"
        try world.run(.configChanged)
        #expect(world.running("indico") == true)
        #expect(world.world.unitStatus?.kind == .blocked)
    }

    /// Units of one application over one database: what one does to it the others see.
    @Test func `three units start at once: one upgrades, two wait, and its word makes all of them active`() throws {
        let workload = FakeWorkload()
        workload.change { $0.database = "behind" }
        var units = try (0..<3).map { number in
            var unit = try IndicoWorld(isLeader: number == 0, unit: number, workload: workload)
            unit.world.containers["indico"]?.files["/srv/indico/backups"] = .directory()
            return unit
        }
        let key = ["secret-key": "k", "celery-unit": "indico/0"]
        for number in units.indices { units[number].toldPeers = key }
        // The leader comes last: the others find the database behind.
        var upgraded = 0
        for number in [2, 1, 0] { upgraded += upgrades(try units[number].run(.configChanged)).count }
        #expect(upgraded == 1)
        #expect(units[1].world.unitStatus == .waiting("waiting for the leader to upgrade the database"))
        #expect(units[2].world.unitStatus == .waiting("waiting for the leader to upgrade the database"))
        #expect(units[0].world.unitStatus == .active())
        let told = units[0].toldPeers
        #expect(told["database-mark"]?.isEmpty == false)
        for number in [1, 2] {
            units[number].toldPeers = told
            let peers = try #require(units[number].world[relation: "indico-peers"])
            let output = try units[number].run(.relationChanged(peers.event()))
            upgraded += upgrades(output).count
            #expect(output.world.unitStatus == .active())
        }
        #expect(upgraded == 1)
    }
}
