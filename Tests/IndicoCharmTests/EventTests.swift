// SPDX-License-Identifier: Apache-2.0
import CharmKit
import CharmTesting
import PebbleAPI
import Testing

@testable import IndicoCharm

/// The events the documentation names, one by one.
@Suite struct EventTests {
    @Test(arguments: ["indico", "indico-nginx"])
    func `pebble-ready starts what the container lost`(container: String) throws {
        var world = try IndicoWorld.serving()
        world.world.containers[container]?.running = [:]
        world.world.containers[container]?.layers = []
        try world.run(.pebbleReady(container: container))
        #expect(world.world.unitStatus == .active())
        #expect(try #require(world.world.containers[container]).running.isEmpty == false)
    }

    @Test func `config-changed takes a new site up`() throws {
        var world = try IndicoWorld.serving()
        world.world.config["site_url"] = .string("https://indico.example.com")
        let output = try world.run(.configChanged)
        #expect(output.changes(in: "indico-nginx").contains(.signalled("SIGHUP", service: "nginx")))
        let nginx = try #require(world.world.containers["indico-nginx"]?.text("/etc/nginx/nginx.conf"))
        #expect(nginx.contains("server_name indico.example.com;"))
        #expect(world.world.unitStatus == .active())
    }

    @Test func `database relation-created has the leader ask for a database and no more rights`() throws {
        var world = try IndicoWorld()
        world.world[relation: "database"]?.remoteApplicationData = [:]
        try world.run(.relationCreated(try #require(world.world[relation: "database"]).event()))
        let asked = try #require(world.world[relation: "database"]).ownApplicationData
        #expect(asked["database"] == "indico")
        #expect(asked["extra-user-roles"] == nil)
        #expect(world.world.unitStatus?.kind == .waiting)
        #expect(world.world.unitStatus?.message.contains("database") == true)
    }

    @Test func `database relation-joined changes nothing of a serving site`() throws {
        var world = try IndicoWorld.serving()
        let output = try world.run(.relationJoined(try #require(world.world[relation: "database"]).event(unit: 0)))
        #expect(output.containerCalls.isEmpty)
    }

    @Test(arguments: ["database", "redis-broker", "redis-cache"])
    func `relation-broken blocks, names the relation and leaves the site serving`(endpoint: String) throws {
        var world = try IndicoWorld.serving()
        let output = try world.run(.relationBroken(try #require(world.world[relation: endpoint]).event()))
        #expect(world.world.unitStatus == .blocked("missing relations: \(endpoint)"))
        #expect(output.containerCalls.isEmpty)
        try world.run(.updateStatus)
        #expect(world.world.unitStatus == .active())
    }

    @Test func `leader-elected makes one key and elects one unit`() throws {
        var world = try IndicoWorld()
        try world.run(.leaderElected)
        let peers = try #require(world.world[relation: "indico-peers"]).ownApplicationData
        let id = try #require(peers["secret-id"])
        let secret = try #require(world.world.secret(id))
        #expect(secret.content["secret-key"]?.utf8.count == 64)
        #expect(peers["celery-unit"] == "indico/0")

        try world.run(.leaderElected)
        #expect(try #require(world.world[relation: "indico-peers"]).ownApplicationData == peers)
        #expect(world.world.secrets.count == 1)
    }

    @Test func `a key of a Juju without secrets is kept byte for byte`() throws {
        var world = try IndicoWorld()
        let key = #"b'\x00\x01 "quoted" \\'"#
        world.world[relation: "indico-peers"]?.ownApplicationData = ["secret-key": key, "celery-unit": "indico/0"]
        try world.run(.upgradeCharm)
        #expect(try #require(world.world[relation: "indico-peers"]).ownApplicationData["secret-key"] == key)
        let conf = try #require(world.world.containers["indico"]?.text("/srv/indico/etc/indico.conf"))
        #expect(conf.contains(#"SECRET_KEY = 'b\'\\x00\\x01 "quoted" \\\\\''"#))
        #expect(world.world.secrets.isEmpty)
    }

    @Test func `redis relation-changed by the application's databag alone is taken up`() throws {
        var world = try IndicoWorld.serving()
        world.world[relation: "redis-cache"]?.remoteApplicationData = ["leader-host": "redis-new"]
        try world.run(.relationChanged(try #require(world.world[relation: "redis-cache"]).event()))
        let conf = try #require(world.world.containers["indico"]?.text("/srv/indico/etc/indico.conf"))
        #expect(conf.contains("REDIS_CACHE_URL = 'redis://redis-new:6379/0'"))
    }

    @Test func `peers departed: the leader takes Celery over from the unit that left`() throws {
        var world = try IndicoWorld(unit: 1)
        world.workload.change { $0.database = "current" }
        world.world.relations.removeAll { $0.isPeer }
        let peers = RelationState(
            peer: "indico-peers",
            id: 11,
            application: "indico",
            applicationData: ["secret-key": "kept", "celery-unit": "indico/0"]
        )
        world.world.relations.append(peers)
        try world.run(.relationDeparted(peers.departure(unit: 0)))
        #expect(try #require(world.world[relation: "indico-peers"]).ownApplicationData["celery-unit"] == "indico/1")
        #expect(try #require(world.world.containers["indico"]).running["celery-beat"] != nil)
    }

    @Test func `a unit that lost the election stops its Celery even when it is blocked`() throws {
        var world = try IndicoWorld.serving()
        world.world.relations.removeAll { $0.isPeer || $0.endpoint == "redis-cache" }
        world.world.isLeader = false
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
        #expect(world.world.unitStatus == .blocked("missing relations: redis-cache"))
        #expect(Set(try #require(world.world.containers["indico"]).running.keys) == ["indico", "statsd-exporter"])
    }

    @Test func `check-failed is shown and check-recovered ends it`() throws {
        var world = try IndicoWorld.serving()
        world.world.containers["indico"]?.checkStatuses["celery-worker"] = .down
        try world.run(.pebbleCheckFailed(container: "indico", check: "celery-worker"))
        #expect(world.world.unitStatus == .waiting("waiting for check celery-worker"))
        world.world.containers["indico"]?.checkStatuses["celery-worker"] = .up
        try world.run(.pebbleCheckRecovered(container: "indico", check: "celery-worker"))
        #expect(world.world.unitStatus == .active())
    }

    @Test func `secret-changed takes a new mail password up`() throws {
        var world = try IndicoWorld.serving()
        world.world.secrets.append(
            SecretState(id: "secret:mail", owner: .other(isGranted: true), revisions: [["password": "new"]])
        )
        world.world.relations.append(
            RelationState(
                "smtp",
                id: 5,
                remoteApplication: "smtp",
                remoteApplicationData: [
                    "host": "mail.example.com", "port": "587", "auth_type": "plain", "transport_security": "starttls",
                    "user": "mailer", "password_id": "secret:mail",
                ]
            )
        )
        try world.run(.updateStatus)
        let conf = try #require(world.world.containers["indico"]?.text("/srv/indico/etc/indico.conf"))
        #expect(conf.contains("SMTP_SERVER = ('mail.example.com', 587, )"))
        #expect(conf.contains("SMTP_PASSWORD = 'new'"))
        #expect(conf.contains("SMTP_USE_TLS = True"))
    }

    @Test(arguments: [HookEvent.stop, .remove])
    func `on the way out nothing is touched`(event: HookEvent) throws {
        var world = try IndicoWorld()
        let output = try world.run(event)
        #expect(output.containerCalls.isEmpty)
        #expect(output.toolCalls.isEmpty)
    }

    @Test func `a quiet hook costs few calls`() throws {
        var world = try IndicoWorld.serving()
        let output = try world.run(.updateStatus)
        #expect(output.toolCalls.count <= 25, "\(output.toolCalls.map(\.tool))")
    }
}
