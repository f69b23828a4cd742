// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import CharmTesting
import PebbleAPI
import Testing

@testable import IndicoCharm

/// The actions around backups; what the workload's module does is tried with a real database in the end-to-end test.
@Suite struct BackupTests {
    private static let name = "2026-01-31T03-00-00Z"

    private func world() throws -> IndicoWorld {
        var world = try IndicoWorld.serving()
        world.world.containers["indico"]?.files["/srv/indico/backups"] = .directory()
        return world
    }

    private func run(_ name: String, _ world: inout IndicoWorld) throws -> Output {
        world.world.actionParameters = name == "restore-backup" ? ["backup": .string(Self.name)] : [:]
        return try world.run(.action(ActionEvent(name: name, id: "1")))
    }

    private func verbs(_ output: Output) -> [String] {
        output.commands(in: "indico").compactMap(\.words.last).filter {
            $0.hasSuffix("-backup") || $0.hasSuffix("-backups") || $0.hasSuffix("-restore")
        }
    }

    @Test func `without a place an action says which there could be`() throws {
        var world = try IndicoWorld.serving()
        for action in ["create-backup", "list-backups", "restore-backup"] {
            let output = try run(action, &world)
            #expect(output.action?.failure?.contains("there is no place for backups") == true)
            #expect(verbs(output).isEmpty)
        }
    }

    @Test func `a related bucket comes before the directory, and its keys are in no argument`() throws {
        var world = try world()
        let bucket = RelationState(
            "backups",
            id: 20,
            remoteApplication: "s3-integrator",
            remoteApplicationData: [
                "access-key": "AKIA", "secret-key": "hush-hush", "bucket": "b", "endpoint": "https://s3.example.com",
                "s3-uri-style": "path", "path": "indico",
            ]
        )
        world.world.relations.append(bucket)
        let changed = try world.run(.relationChanged(bucket.event()))
        #expect(changed.world[relation: "backups"]?.ownApplicationData["bucket"] == "indico-backups")
        let output = try run("create-backup", &world)
        #expect(output.action?.failure == nil)
        let command = try #require(output.commands(in: "indico").last)
        #expect(!command.words.joined().contains("hush") && !command.environment.values.joined().contains("hush"))
        let input = String(decoding: command.input, as: UTF8.self)
        #expect(input.contains("hush-hush") && input.contains("https://s3.example.com") && !input.contains("directory"))
    }

    @Test func `create-backup and list-backups tell what there is`() throws {
        var world = try world()
        let created = try run("create-backup", &world).action?.results
        #expect(created?["backup"] == Self.name)
        #expect(created?["size"] == "3740 kB")
        #expect(created?["rows"] == "events.events: 3, users.users: 2")
        let listed = try run("list-backups", &world).action?.results
        #expect(listed?["backups"] == "\(Self.name)  3740 kB  Indico 3.2.9  asked for")
    }

    @Test func `a restore verifies first, keeps what is, stops Indico and has it serve again`() throws {
        var world = try world()
        let output = try run("restore-backup", &world)
        #expect(output.action?.failure == nil)
        #expect(verbs(output) == ["verify-backup", "create-backup", "restore-backup"])
        #expect(output.world.unitStatus == .active())
        #expect(world.running("indico") && world.running("celery-beat"))
        let conf = try #require(world.world.containers["indico-nginx"]?.text("/etc/nginx/nginx.conf"))
        #expect(!conf.contains("return 503;"))
    }

    @Test func `a backup that is not whole is refused before anything is touched`() throws {
        var world = try world()
        world.workload.change { $0.failingVerbs["verify-backup"] = "bad-backup" }
        let before = world.world.containers["indico"]?.running
        let output = try run("restore-backup", &world)
        #expect(output.action?.failure == "it says bad-backup")
        #expect(verbs(output) == ["verify-backup"])
        #expect(world.world.containers["indico"]?.running == before)
    }

    @Test func `a restore that fails leaves the site as it was`() throws {
        var world = try world()
        world.workload.change { $0.failingVerbs["restore-backup"] = "restore-failed" }
        let output = try run("restore-backup", &world)
        #expect(output.action?.failure == "it says restore-failed")
        #expect(world.running("indico") && world.running("celery-beat"))
        #expect(world.world.unitStatus == .active())
    }

    @Test func `a restore on which Indico does not come up is undone`() throws {
        var world = try world()
        world.workload.change { $0.silentAfterRestores = 1 }
        let output = try run("restore-backup", &world)
        #expect(verbs(output) == ["verify-backup", "create-backup", "restore-backup", "restore-backup"])
        #expect(output.action?.failure?.contains("was restored and the site is active") == true)
        #expect(world.world.unitStatus == .active())
    }

    @Test func `an exporter that is away is no reason to go back, nor is it that Indico takes its time`() throws {
        var world = try world()
        world.workload.change { $0.silentAnswersAfterRestore = 20 }
        world.world.containers["indico"]?.checkStatuses["statsd-exporter"] = .down
        let output = try run("restore-backup", &world)
        #expect(output.action?.failure == nil)
        #expect(verbs(output) == ["verify-backup", "create-backup", "restore-backup"])
        #expect(world.world.unitStatus == .waiting("waiting for check statsd-exporter"))
    }

    @Test func `with other units on the database a restore wants the site paused`() throws {
        var world = try world()
        world.world.plannedUnits = 3
        let output = try run("restore-backup", &world)
        #expect(output.action?.failure?.contains("run the action pause first") == true)
        #expect(verbs(output).isEmpty)
    }

    @Test func `a restore that was killed is finished or undone before Indico is started`() throws {
        var world = try world()
        world.world.containers["indico"]?.files["/srv/indico/archive/.restore"] = .directory()
        world.world.containers["indico"]?.running = [:]
        let output = try world.run(.updateStatus)
        #expect(verbs(output) == ["finish-restore"])
        #expect(output.world.unitStatus == .active())
    }

    @Test func `backups by the clock are made where Celery is, with the bucket's keys in no plan`() throws {
        var world = try world()
        world.world.config["backup_schedule"] = .string("03:15")
        world.world.config["backup_keep"] = .integer(5)
        try world.run(.configChanged)
        #expect(world.world.unitStatus == .active())
        #expect(world.running("backup-timer"))
        let settings = try #require(world.world.containers["indico"]?.text("/srv/indico/etc/backup.json"))
        #expect(
            settings.contains(#""hour":3"#) && settings.contains(#""minute":15"#) && settings.contains(#""keep":5"#)
        )
        #expect(settings.contains(#""directory":"/srv/indico/backups""#))
        let permissions = world.world.containers["indico"]?.files["/srv/indico/etc/backup.json"]?.permissions
        #expect(permissions == 0o600)

        _ = try run("pause", &world)
        #expect(!world.running("backup-timer"))
    }

    @Test func `a schedule without a place for backups is refused, and the site goes on`() throws {
        var world = try IndicoWorld.serving()
        world.world.config["backup_schedule"] = .string("03:15")
        try world.run(.configChanged)
        #expect(world.world.unitStatus?.kind == .blocked)
        #expect(world.world.unitStatus?.message.contains("backup_schedule needs a place for backups") == true)
        #expect(world.running("indico"))
    }

    @Test(arguments: ["3:15", "24:00", "03:60", "nightly", "03:15:00", "-1:00"])
    func `a schedule that is no time of day is refused with an example`(text: String) throws {
        var world = try IndicoWorld.serving()
        world.world.config["backup_schedule"] = .string(text)
        try world.run(.configChanged)
        #expect(world.world.unitStatus?.message.contains("a time of day in UTC, such as 03:00") == true)
    }
}
