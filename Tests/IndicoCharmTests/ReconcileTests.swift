// SPDX-License-Identifier: Apache-2.0
import CharmKit
import CharmTesting
import PebbleAPI
import Testing

@testable import IndicoCharm

@Suite struct ReconcileTests {
    @Test func `the first event with all at hand makes the unit active`() throws {
        var world = try IndicoWorld()
        let output = try world.run(.configChanged)

        #expect(output.error == nil)
        #expect(world.world.unitStatus == .active())
        #expect(world.world.workloadVersion == "3.2.9")
        let running = Set(try #require(world.world.containers["indico"]).running.keys)
        #expect(running == ["indico", "statsd-exporter", "celery-worker", "celery-beat", "celery-exporter"])
        #expect(Set(try #require(world.world.containers["indico-nginx"]).running.keys) == ["nginx", "nginx-exporter"])
        let verbs = output.commands(in: "indico").compactMap(\.words.last)
        #expect(verbs == ["db-status", "db-prepare", "db-status", "celery-check"])
    }

    @Test func `done again nothing is written, started or asked`() throws {
        var world = try IndicoWorld.serving()
        for event in [HookEvent.configChanged, .updateStatus, .pebbleReady(container: "indico")] {
            let output = try world.run(event)
            #expect(output.containerCalls.isEmpty, "\(event.name): \(output.containerCalls)")
            #expect(world.world.unitStatus == .active())
            #expect(output.count(.stateSet) == 0)
            #expect(output.count(.relationSet) == 0)
        }
    }

    @Test func `a changed option is checked, written and taken up without a restart of uWSGI`() throws {
        var world = try IndicoWorld.serving()
        world.world.config["indico_public_support_email"] = .string("help@example.com")
        let output = try world.run(.configChanged)

        let verbs = output.commands(in: "indico").compactMap(\.words.last)
        #expect(verbs == ["check-config", "reload"])
        let conf = try #require(world.world.containers["indico"]?.text("/srv/indico/etc/indico.conf"))
        #expect(conf.contains("PUBLIC_SUPPORT_EMAIL = 'help@example.com'"))
        let restarted = output.changes(in: "indico").filter { $0 == .stopped("indico") || $0 == .started("indico") }
        #expect(restarted.isEmpty)
        #expect(output.changes(in: "indico").contains(.started("celery-worker")))
        #expect(world.world.containers["indico"]?.files["/srv/indico/etc/pending-changes"] == nil)
        #expect(world.world.unitStatus == .active())
    }

    @Test func `a configuration Indico refuses is named and the old one stays`() throws {
        var world = try IndicoWorld.serving()
        let before = world.world.containers["indico"]?.text("/srv/indico/etc/indico.conf")
        world.workload.change { $0.refusedConfiguration = "no" }
        world.world.config["default_timezone"] = .string("Mars/Phobos")
        try world.run(.configChanged)

        #expect(world.world.unitStatus == .blocked("invalid configuration: it says bad-config"))
        #expect(world.world.containers["indico"]?.text("/srv/indico/etc/indico.conf") == before)
        #expect(world.world.containers["indico"]?.files["/srv/indico/etc/indico.conf.new"] == nil)

        world.workload.change { $0.refusedConfiguration = nil }
        try world.run(.updateStatus)
        #expect(world.world.unitStatus == .active())
    }

    @Test func `a hook killed between writing and reloading is made good by the next`() throws {
        var world = try IndicoWorld.serving()
        world.world.config["enable_roombooking"] = .bool(true)
        world.workload.change { $0.failingVerbs["reload"] = "reload-timeout" }
        try world.run(.configChanged)
        #expect(world.world.unitStatus == .waiting("waiting for Indico's workers: it says reload-timeout"))

        world.workload.change { $0.failingVerbs = [:] }
        let output = try world.run(.updateStatus)
        #expect(output.commands(in: "indico").compactMap(\.words.last) == ["reload"])
        #expect(world.world.unitStatus == .active())
    }

    @Test func `a new database password is written and nothing is reloaded`() throws {
        var world = try IndicoWorld.serving()
        world.world[relation: "database"]?.remoteApplicationData["password"] = "another"
        let output = try world.run(.relationChanged(try #require(world.world[relation: "database"]).event()))

        #expect(output.changes(in: "indico") == [.wrote("/srv/indico/etc/database.pgpass")])
        #expect(output.commands(in: "indico").isEmpty)
    }

    @Test func `another database is moved to with Indico stopped, so that no session meets it`() throws {
        var world = try IndicoWorld.serving()
        world.world[relation: "database"]?.remoteApplicationData["endpoints"] = "10.9.9.9:5432"
        world.workload.change { $0.identity = "8000/1/2" }
        let output = try world.run(.relationChanged(try #require(world.world[relation: "database"]).event()))

        let changes = output.changes(in: "indico")
        let stopped = try #require(changes.firstIndex(of: .stopped("indico")))
        let started = try #require(changes.firstIndex(of: .started("indico")))
        #expect(stopped < started)
        #expect(world.world.unitStatus == .active())
    }

    @Test func `only the leader prepares the database`() throws {
        var world = try IndicoWorld(isLeader: false, unit: 1)
        world.world.relations.removeAll { $0.isPeer }
        world.world.relations.append(
            RelationState(
                peer: "indico-peers",
                id: 11,
                application: "indico",
                peersData: [0: [:]],
                applicationData: ["secret-key": "kept", "celery-unit": "indico/0"]
            )
        )
        try world.run(.configChanged)
        #expect(world.world.unitStatus == .waiting("waiting for the leader to prepare the database"))

        world.workload.change { $0.database = "current" }
        try world.run(.updateStatus)
        #expect(world.world.unitStatus == .active())
        let running = Set(try #require(world.world.containers["indico"]).running.keys)
        #expect(running == ["indico", "statsd-exporter"])
    }

    @Test func `a site that does not answer is waited for, then said`() throws {
        var world = try IndicoWorld()
        world.workload.change { $0.answersSite = false }
        try world.run(.configChanged)
        #expect(world.world.unitStatus == .waiting("waiting for Indico to answer"))
    }

    @Test func `a database that does not answer is said, and a serving site left alone`() throws {
        var world = try IndicoWorld()
        world.workload.change { $0.isReachable = false }
        try world.run(.configChanged)
        #expect(world.world.unitStatus == .waiting("waiting for the database: it says database-unreachable"))
        #expect(try #require(world.world.containers["indico"]).running.isEmpty)
    }

    @Test func `a database that starts together with Indico is waited for`() throws {
        var world = try IndicoWorld()
        world.workload.change { $0.refusals = 10 }
        try world.run(.configChanged)
        #expect(world.world.unitStatus == .active())
    }

    @Test func `no secret is in a plan, a state or a command line`() throws {
        var world = try IndicoWorld()
        let output = try world.run(.configChanged)
        let indico = try #require(world.world.containers["indico"])
        let plan = try indico.plan()
        let seen = "\(plan) \(world.world.storedState) \(output.commands(in: "indico").map(\.words)) \(output.log)"
        #expect(!seen.contains("pa\\ss"))
        #expect(!seen.contains("6379"))
        for path in ["indico.conf", "database.pgpass", "celery-broker-url"] {
            let file = try #require(indico.files["/srv/indico/etc/\(path)"])
            #expect(file.permissions == 0o600)
            #expect(file.ownership.userID == 2000)
        }
        #expect(
            indico.text("/srv/indico/etc/database.pgpass") == "10.0.0.1:5432:indico:relation_id_1:some\\:pa\\\\ss\n"
        )
    }

    @Test func `a database that was emptied under a serving site is prepared with the site stopped`() throws {
        var world = try IndicoWorld.serving()
        world.workload.change {
            $0.database = "empty"
            $0.identity = "7000/9/9"
        }
        world.world.storedState = [:]
        let output = try world.run(.updateStatus)
        let calls = output.containerCalls.filter { $0.container == "indico" }.map(\.change)
        let stopped = try #require(calls.firstIndex(of: .stopped("indico")))
        let prepared = try #require(
            calls.firstIndex {
                if case .executed(let command) = $0 { command.words.last == "db-prepare" } else { false }
            }
        )
        #expect(stopped < prepared)
        #expect(world.world.unitStatus == .active())
    }

    @Test func `a companion that does not start is named and the site serves without it`() throws {
        var world = try IndicoWorld()
        world.world.containers["indico"]?.failingServices = ["celery-exporter"]
        try world.run(.configChanged)
        #expect(world.world.unitStatus == .waiting("waiting for service celery-exporter"))
        #expect(try #require(world.world.containers["indico-nginx"]).running["nginx"] != nil)

        world.world.containers["indico"]?.failingServices = []
        try world.run(.updateStatus)
        #expect(world.world.unitStatus == .active())
    }
}
