// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import CharmTesting
import PebbleAPI
import Testing

@testable import IndicoCharm

/// What the existing charm gets wrong from one event to the next, and with several units, by the numbers of
/// `docs/reference/hazards.md`.
@Suite struct HazardStateTests {
    private func conf(_ world: IndicoWorld) throws -> String {
        try #require(world.world.containers["indico"]?.text("/srv/indico/etc/indico.conf"))
    }

    private func broken(_ endpoint: String, _ world: inout IndicoWorld) throws {
        try world.run(.relationBroken(try #require(world.world[relation: endpoint]).event()))
    }

    @Test func `H20: a unit that is blocked hears every event all the same`() throws {
        var world = try IndicoWorld()
        world.world.config["site_url"] = .string("nonsense")
        try world.run(.leaderElected)
        #expect(world.toldPeers["secret-id"] != nil && world.toldPeers["celery-unit"] == "indico/0")
        world.world.config["site_url"] = .string("http://127.0.0.1:8080")
        // Whatever comes next finds all of it; nothing was lost with the events in between.
        try world.run(.updateStatus)
        #expect(world.world.unitStatus == .active())
    }

    @Test
    func `H21: a provider without the optional metadata_url is taken, and what is wrong elsewhere has its own name`()
        throws
    {
        var world = try IndicoWorld.serving()
        world.world.relations.append(
            RelationState(
                "saml",
                id: 31,
                remoteApplication: "saml",
                remoteApplicationData: [
                    "entity_id": "https://login.example.com", "x509certs": "MII",
                    "single_sign_on_service_redirect_url": "https://login.example.com/saml",
                    "single_sign_on_service_redirect_binding": SAMLIdentityProvider.redirectBinding,
                ]
            )
        )
        try world.run(.updateStatus)
        #expect(world.world.unitStatus == .active())
        world.world[relation: "saml"]?.remoteApplicationData["single_sign_on_service_redirect_url"] = "ftp://x"
        try world.run(.updateStatus)
        #expect(world.world.unitStatus?.message.hasPrefix("relation saml: single_sign_on_service_redirect_url") == true)
    }

    @Test func `H22 H23: an event that changes nothing writes, runs and restarts nothing`() throws {
        var world = try IndicoWorld.serving()
        for endpoint in ["metrics-endpoint", "grafana-dashboard", "nginx-route"] {
            world.world.relations.append(
                RelationState(endpoint, id: 40 + world.world.relations.count, remoteApplication: "other")
            )
        }
        world.world.config["customization_sources_url"] = .string("https://git.example.com/c.git")
        try world.run(.configChanged)
        for _ in 0..<3 {
            let output = try world.run(.configChanged)
            #expect(output.containerCalls.isEmpty)
            #expect(output.count(.relationSet) == 0)
        }
    }

    @Test func `H24: active is said once the site answered, not before`() throws {
        var world = try IndicoWorld()
        world.workload.change { $0.answersSite = false }
        try world.run(.configChanged)
        #expect(world.world.unitStatus == .waiting("waiting for Indico to answer"))
        world.workload.change { $0.answersSite = true }
        try world.run(.updateStatus)
        #expect(world.world.unitStatus == .active())
    }

    @Test func `H25: a unit that does not lead changes no schema, and a start asks for no change of one`() throws {
        var world = try IndicoWorld(isLeader: false, unit: 1)
        world.toldPeers = ["secret-key": "kept", "celery-unit": "indico/0"]
        let output = try world.run(.pebbleReady(container: "indico"))
        #expect(!output.commands(in: "indico").contains { $0.words.last?.hasPrefix("db-p") == true })
        let plan = try IndicoWorld.serving().plan("indico")
        #expect(!plan.services.values.contains { "\($0.command ?? "")".contains(" db ") })
    }

    @Test(arguments: ["database", "redis-broker", "redis-cache"])
    func `H26: a required relation that is broken is named at once`(endpoint: String) throws {
        var world = try IndicoWorld.serving()
        try broken(endpoint, &world)
        #expect(world.world.unitStatus == .blocked("missing relations: \(endpoint)"))
    }

    @Test func `H27: mail and sign-on end with their relations`() throws {
        var world = try IndicoWorld.serving()
        world.world.relations.append(
            RelationState(
                "smtp",
                id: 30,
                remoteApplication: "mail",
                remoteApplicationData: [
                    "host": "m.example.com", "port": "25", "auth_type": "none", "transport_security": "none",
                ]
            )
        )
        try world.run(.updateStatus)
        #expect(try conf(world).contains("m.example.com"))
        try broken("smtp", &world)
        #expect(try !conf(world).contains("m.example.com"))
    }

    @Test func `H28: a database's secret that is rotated is taken up at secret-changed`() throws {
        var world = try IndicoWorld.serving()
        world.world[relation: "database"]?.remoteApplicationData["secret-user"] = "secret:user"
        world.world.secrets.append(
            SecretState(
                id: "secret:user",
                owner: .other(isGranted: true),
                revisions: [["username": "relation_id_1", "password": "first"]]
            )
        )
        try world.run(.updateStatus)
        guard let index = world.world.secrets.firstIndex(where: { $0.id == "secret:user" }) else {
            Issue.record("no secret")
            return
        }
        world.world.secrets[index].revisions.append(["username": "relation_id_1", "password": "second"])
        let output = try world.run(.secretChanged(SecretEvent(id: "secret:user")))
        #expect(output.error == nil)
        #expect(world.world.containers["indico"]?.text("/srv/indico/etc/database.pgpass")?.contains("second") == true)
    }

    @Test func `H29: a new Redis that the application's databag names is taken up, with its password`() throws {
        var world = try IndicoWorld.serving()
        world.world.secrets.append(
            SecretState(id: "secret:redis", owner: .other(isGranted: true), revisions: [["password": "p@ss"]])
        )
        world.world[relation: "redis-cache"]?.remoteApplicationData = [
            "leader-host": "redis-1", "secret-user": "secret:redis",
        ]
        let relation = try #require(world.world[relation: "redis-cache"])
        try world.run(.relationChanged(relation.event()))
        #expect(try conf(world).contains("REDIS_CACHE_URL = 'redis://:p%40ss@redis-1:6379/0'"))
    }

    @Test func `H29: of several units the first by name is taken, each time`() throws {
        var world = try IndicoWorld.serving()
        for number in [10, 2, 1, 0] {
            world.world[relation: "redis-cache"]?.remoteUnitsData[
                UnitName(application: "redis-cache", number: number)
            ] = ["hostname": "10.0.1.\(number)", "port": "6379"]
        }
        for _ in 0..<3 {
            try world.run(.updateStatus)
            #expect(try conf(world).contains("REDIS_CACHE_URL = 'redis://10.0.1.0:6379/0'"))
        }
    }

    @Test func `H30: a Redis that has not said where it is is waited for`() throws {
        var world = try IndicoWorld()
        world.world[relation: "redis-broker"]?.remoteUnitsData = [:]
        try world.run(.configChanged)
        #expect(world.world.unitStatus?.kind == .waiting)
        #expect(world.world.unitStatus?.message.contains("redis-broker") == true)
        #expect(!world.running("celery-exporter"))
    }

    @Test func `H31: pebble-ready does not take up what config-changed refuses`() throws {
        var world = try IndicoWorld()
        world.world.config["site_url"] = .string("example.com")
        for container in ["indico", "indico-nginx"] { try world.run(.pebbleReady(container: container)) }
        #expect(world.world.unitStatus?.kind == .blocked)
        #expect(!world.running("indico"))
    }

    @Test func `H32: nothing is deferred; what came while the containers were down is found when they are up`() throws {
        var world = try IndicoWorld()
        for name in world.world.containers.keys { world.world.containers[name]?.canConnect = false }
        try world.run(.configChanged)
        #expect(world.world.unitStatus == .waiting("waiting for Pebble in indico, indico-nginx"))
        #expect(world.world.deferred.isEmpty)
        for name in world.world.containers.keys { world.world.containers[name]?.canConnect = true }
        try world.run(.pebbleReady(container: "indico-nginx"))
        #expect(world.world.unitStatus == .active())
    }

    @Test func `H33: update-status starts again what ended, and a stop is no error`() throws {
        var world = try IndicoWorld.serving()
        world.world.containers["indico"]?.running["indico"] = nil
        try world.run(.updateStatus)
        #expect(world.running("indico") && world.world.unitStatus == .active())
        #expect(try world.run(.stop).error == nil)
    }

    @Test func `H34: all that is missing is named at once, as something to be done`() throws {
        var world = try IndicoWorld()
        world.world.relations.removeAll { !$0.isPeer }
        try world.run(.configChanged)
        #expect(world.world.unitStatus == .blocked("missing relations: database, redis-broker, redis-cache"))
    }

    @Test func `H35: an event says how the unit is once, and the last word is of the whole`() throws {
        var world = try IndicoWorld()
        world.world[relation: "redis-cache"]?.remoteUnitsData = [:]
        let output = try world.run(.relationChanged(try #require(world.world[relation: "database"]).event()))
        #expect(output.toolCalls.count { $0.tool == .statusSet } == 1)
        #expect(world.world.unitStatus?.message.contains("redis-cache") == true)
    }

    // MARK: - Several units

    @Test func `H40: the leader that takes Celery over starts it in the same event`() throws {
        var world = try IndicoWorld(unit: 1)
        world.workload.change { $0.database = "current" }
        world.toldPeers = ["secret-key": "kept", "celery-unit": "indico/0"]
        try world.run(.leaderElected)
        #expect(world.toldPeers["celery-unit"] == "indico/1")
        #expect(world.running("celery-beat") && world.running("celery-worker"))
    }

    @Test func `H41: a worker that is stuck is restarted by Pebble itself`() throws {
        let plan = try IndicoWorld.serving().plan("indico")
        #expect(plan.services["celery-worker"]?.onCheckFailure["celery-worker"] == .restart)
        #expect(plan.checks["celery-worker"]?.level == nil)
    }

    @Test func `H42: a unit that is no longer elected has no scheduler, also after its container's Pebble starts anew`()
        throws
    {
        var world = try IndicoWorld.serving()
        world.world.relations.removeAll { $0.isPeer }
        world.world.relations.append(
            RelationState(
                peer: "indico-peers",
                id: 11,
                application: "indico",
                peersData: [1: [:]],
                applicationData: ["secret-key": "kept", "celery-unit": "indico/1"]
            )
        )
        try world.run(.updateStatus)
        #expect(!world.running("celery-beat") && !world.running("celery-worker"))
        #expect(try world.plan("indico").services["celery-beat"]?.isEnabled == false)
    }

    @Test func `H43: only a dead web server or uWSGI is a liveness failure`() throws {
        let world = try IndicoWorld.serving()
        let checks = try Array(world.plan("indico").checks.values) + Array(world.plan("indico-nginx").checks.values)
        #expect(Set(checks.filter { $0.level == .alive }.map(\.name)) == ["indico-alive", "nginx-alive"])
    }

    @Test func `H44 H45: a job for each exporter, Celery's only where it runs`() throws {
        let view = try sampleView {
            $0.surroundings.isWatched = true
            $0.surroundings.address = "10.1.1.1"
            $0.surroundings.celeryAddress = "10.1.1.2"
        }
        let jobs = decide(view).publications.jobs
        #expect(jobs.map(\.targets) == [["*:9113"], ["*:9102"], ["10.1.1.2:9808"]])
        #expect(Set(jobs.map(\.name)).count == 3)
    }

    @Test func `H46: a bucket that leaves is missed, not silently done without`() throws {
        var world = try IndicoWorld.serving()
        world.world.relations.append(
            RelationState(
                "s3",
                id: 30,
                remoteApplication: "s3",
                remoteApplicationData: ["access-key": "a", "secret-key": "s", "bucket": "b"],
                ownApplicationData: ["bucket": "relation-7"]
            )
        )
        try world.run(.updateStatus)
        #expect(world.toldPeers["attachments"] == "s3")
        // What was asked for by the existing charm stays asked for.
        #expect(try #require(world.world[relation: "s3"]).ownApplicationData["bucket"] == "relation-7")
        let before = try conf(world)
        try broken("s3", &world)
        #expect(world.world.unitStatus?.message.hasPrefix("relation s3 is gone, and Indico keeps attachments") == true)
        #expect(try conf(world) == before)

        world.world.relations.removeAll { $0.endpoint == "s3" }
        world.world.config["abandon_s3_files"] = .bool(true)
        try world.run(.configChanged)
        #expect(world.world.unitStatus == .active())
        #expect(try conf(world).contains("ATTACHMENT_STORAGE = 'default'"))
        #expect(world.toldPeers["attachments"] == nil)
    }

    @Test func `H47: a new address is told at any event`() throws {
        var world = try IndicoWorld.serving()
        world.world.relations.append(RelationState("metrics-endpoint", id: 22, remoteApplication: "prometheus"))
        try world.run(.updateStatus)
        world.world.networks["indico-peers"] = NetworkInfo(
            bindAddresses: [.init(interface: "eth0", value: "10.7.7.7", cidr: "")],
            ingressAddresses: [],
            egressSubnets: []
        )
        try world.run(.configChanged)
        let told = try #require(world.world[relation: "metrics-endpoint"]).ownUnitData
        #expect(told["prometheus_scrape_unit_address"] == "10.7.7.7")
    }
}
