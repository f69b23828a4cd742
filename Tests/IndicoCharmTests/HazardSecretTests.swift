// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import CharmTesting
import PebbleAPI
import Testing

@testable import IndicoCharm

/// What the existing charm gets wrong with secrets and with ordinary input, by the numbers of
/// `docs/reference/hazards.md`.
@Suite struct HazardSecretTests {
    private static let bucket = ["access-key": "AKIA", "secret-key": "s3secret", "bucket": "b"]

    private func serving(_ relations: RelationState...) throws -> IndicoWorld {
        var world = try IndicoWorld.serving()
        world.world.relations += relations
        try world.run(.updateStatus)
        return world
    }

    private func conf(_ world: IndicoWorld) throws -> String {
        try #require(world.world.containers["indico"]?.text("/srv/indico/etc/indico.conf"))
    }

    @Test func `H01: an administrator's password is in no argument and no variable`() throws {
        var world = try IndicoWorld.serving()
        world.world.secrets.append(
            SecretState(id: "secret:admin", owner: .other(isGranted: true), revisions: [["password": "horse battery"]])
        )
        world.world.actionParameters = ["email": .string("a@example.com"), "password-secret": .string("secret:admin")]
        let output = try world.run(.action(ActionEvent(name: "add-admin", id: "1")))
        for command in output.commands(in: "indico") {
            #expect(!(command.words + command.environment.values).joined(separator: " ").contains("horse"))
        }
        #expect(!output.log.contains { $0.text.contains("horse") })
    }

    @Test func `H02: no secret is in a plan`() throws {
        let world = try serving(
            RelationState("s3", id: 30, remoteApplication: "s3", remoteApplicationData: Self.bucket),
            RelationState(
                "smtp-legacy",
                id: 31,
                remoteApplication: "mail",
                remoteApplicationData: [
                    "host": "m", "port": "25", "auth_type": "plain", "transport_security": "none", "user": "u",
                    "password": "mailsecret",
                ]
            )
        )
        #expect(try conf(world).contains("mailsecret") && conf(world).contains("s3secret"))
        let key = try #require(world.world.secrets.first?.content["secret-key"])
        for name in ["indico", "indico-nginx"] {
            let plan = "\(try world.plan(name))"
            for secret in ["mailsecret", "s3secret", "some:pa", "pa\\\\ss", key] { #expect(!plan.contains(secret)) }
        }
    }

    @Test func `H03: the exporter for Celery is told the broker and nothing else`() throws {
        let exporter = try #require(try IndicoWorld.serving().plan("indico").services["celery-exporter"])
        #expect(exporter.environment.isEmpty)
        #expect("\(exporter.command ?? "")".contains("--broker-url-file="))
    }

    @Test func `H04: PostgreSQL is never asked for superuser rights, and a right asked for before is given back`()
        throws
    {
        var world = try IndicoWorld()
        world.world[relation: "database"]?.ownApplicationData = ["extra-user-roles": "SUPERUSER"]
        try world.run(.upgradeCharm)
        #expect(try #require(world.world[relation: "database"]).ownApplicationData["extra-user-roles"] == nil)
    }

    @Test func `H05: no password of others is in a databag of ours`() throws {
        let world = try IndicoWorld.serving()
        for relation in world.world.relations {
            let own = relation.ownUnitData.merging(relation.ownApplicationData) { "\($0)\($1)" }
            #expect(!own.values.contains { $0.contains("pa\\ss") }, "\(relation.endpoint)")
        }
    }

    @Test func `H06: a source's credentials are in no result, no argument and no log`() throws {
        var world = try IndicoWorld.serving()
        world.world.config["customization_sources_url"] = .string("https://me:token@git.example.com/c.git")
        let output = try world.run(.action(ActionEvent(name: "refresh-external-resources", id: "1")))
        #expect(output.action?.failure == nil)
        #expect(output.action?.results.values.contains { $0.contains("token") } == false)
        #expect(!output.commands(in: "indico").contains { $0.words.joined().contains("token") })
        #expect(!output.log.contains { $0.text.contains("token") })
        // And as Indico's own user, not as root.
        #expect(output.commands(in: "indico").allSatisfy { $0.ownership.userID == 2000 })
    }

    @Test func `H07: a key that is made is text, and can be made anew`() throws {
        var world = try IndicoWorld()
        try world.run(.leaderElected)
        let key = try #require(world.world.secrets.first?.content["secret-key"])
        #expect(key.utf8.count == 64 && key.allSatisfy(\.isHexDigit))
        let output = try world.run(.action(ActionEvent(name: "rotate-secret-key", id: "1")))
        #expect(output.action?.failure == nil)
        #expect(world.world.secrets.first?.content["secret-key"] != key)
    }

    @Test func `H08: a password may have any character, and what cannot be written is refused by name`() throws {
        var world = try IndicoWorld.serving()
        world.world[relation: "database"]?.remoteApplicationData["password"] = "a:b\\c/d@e#f%g?'\" h"
        try world.run(.updateStatus)
        #expect(world.world.unitStatus == .active())
        let passwords = world.world.containers["indico"]?.text("/srv/indico/etc/database.pgpass")
        #expect(passwords == "10.0.0.1:5432:indico:relation_id_1:a\\:b\\\\c/d@e#f%g?'\" h\n")

        let comma = try serving(
            RelationState(
                "s3",
                id: 30,
                remoteApplication: "s3",
                remoteApplicationData: Self.bucket.merging(["secret-key": "a,b"]) { $1 }
            )
        )
        #expect(
            comma.world.unitStatus == .blocked("relation s3: secret-key: has a comma, which Indico cannot take")
        )
    }

    // MARK: - Ordinary input

    @Test(arguments: [
        ("H10", "saml", ["entity_id": "https://login.example.com"]),
        ("H10", "saml", ["entity_id": "https://login.example.com", "x509certs": ","]),
        ("H11", "smtp", ["host": "mail.example.com"]),
        ("H11", "smtp-legacy", ["host": "mail.example.com", "port": "587", "auth_type": "plain"]),
        (
            "H11", "smtp",
            [
                "host": "m", "port": "25", "auth_type": "plain", "transport_security": "none", "user": "u",
                "password_id": "secret:notgranted",
            ]
        ),
        ("H12", "s3", ["access-key": "AKIA"]),
        ("H12", "s3", ["access-key": "AKIA", "secret-key": "s"]),
    ])
    func `H10 H11 H12: a databag that is half filled is waited for while the site serves`(
        hazard: String,
        endpoint: String,
        databag: [String: String]
    ) throws {
        var world = try serving(
            RelationState(endpoint, id: 30, remoteApplication: "provider", remoteApplicationData: databag)
        )
        for event in [HookEvent.configChanged, .updateStatus, .leaderElected] {
            let output = try world.run(event)
            #expect(output.error == nil, "\(hazard)")
            #expect(world.world.unitStatus == .active(), "\(hazard)")
        }
    }

    @Test(arguments: ["http://h:99999", "http://h:x", "http://[::1", "http://]", "http://h:-1", "http://h:"])
    func `H13: a site_url that cannot be read blocks and is named`(site: String) throws {
        var world = try IndicoWorld.serving()
        world.world.config["site_url"] = .string(site)
        let output = try world.run(.configChanged)
        #expect(output.error == nil)
        #expect(world.world.unitStatus?.kind == .blocked)
        #expect(world.world.unitStatus?.message.hasPrefix("invalid configuration: site_url ") == true)
    }

    @Test(arguments: [true, false])
    func `H14: a unit that comes before the key, or before its peers, waits`(hasPeers: Bool) throws {
        var world = try IndicoWorld(isLeader: false, unit: 1)
        if !hasPeers { world.world.relations.removeAll { $0.isPeer } }
        let output = try world.run(.pebbleReady(container: "indico"))
        #expect(output.error == nil)
        #expect(world.world.unitStatus?.kind == .waiting)
    }

    @Test func `H15: a controller that learns secrets changes no key`() throws {
        var world = try IndicoWorld()
        world.world[relation: "indico-peers"]?.ownApplicationData = ["secret-key": "old-key"]
        for event in [HookEvent.pebbleReady(container: "indico"), .leaderElected, .upgradeCharm] {
            try world.run(event)
            #expect(try conf(world).contains("SECRET_KEY = 'old-key'"))
            #expect(world.toldPeers["secret-key"] == "old-key" && world.toldPeers["secret-id"] == nil)
        }
    }

    @Test func `H16: a repository that cannot be fetched blocks, and the site serves on`() throws {
        var world = try IndicoWorld.serving()
        world.world.config["customization_sources_url"] = .string("https://git.example.com/c.git")
        world.workload.change { $0.failingVerbs["customize"] = "fetch-failed" }
        let output = try world.run(.configChanged)
        #expect(output.error == nil)
        #expect(world.world.unitStatus == .blocked("customization_sources_url: it says fetch-failed"))
        #expect(world.running("indico") && world.running("nginx"))
    }

    @Test func `H17: a Loki that leaves before it said anything leaves nothing behind`() throws {
        let relation = RelationState("logging", id: 34, remoteApplication: "loki")
        var world = try serving(relation)
        world.world[relation: "logging"]?.remoteUnitsData = [:]
        for event in [HookEvent.relationDeparted(relation.departure(unit: 0)), .relationBroken(relation.event())] {
            let output = try world.run(event)
            #expect(output.error == nil && output.containerCalls.isEmpty)
        }
    }

    @Test(arguments: ["add-admin", "anonymize-user"])
    func `H18 H59: an action on a container that is down fails with what to do`(action: String) throws {
        var world = try IndicoWorld.serving()
        world.world.containers["indico"] = .notReachable
        world.world.actionParameters = ["email": .string("a@example.com")]
        let output = try world.run(.action(ActionEvent(name: action, id: "1")))
        #expect(output.error == nil)
        #expect(output.action?.failure == "container indico is not up yet: try again when 'juju status' says active")
        #expect(output.action?.results.isEmpty == true)
    }
}
