// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import CharmTesting
import PebbleAPI
import Testing

@testable import IndicoCharm

/// Those who lead visitors to the site, and those who watch it.
@Suite struct NeighbourTests {
    private func serving(_ relation: RelationState) throws -> IndicoWorld {
        var world = try IndicoWorld.serving()
        world.world.relations.append(relation)
        return world
    }

    private func indicoConf(_ world: IndicoWorld) throws -> String {
        try #require(world.world.containers["indico"]?.text("/srv/indico/etc/indico.conf"))
    }

    @Test func `nginx-route relation-created asks for a route to the site's host, for uploads of any size`() throws {
        var world = try serving(RelationState("nginx-route", id: 20, remoteApplication: "nginx-ingress"))
        world.world.config["site_url"] = .string("https://events.example.com:8443")
        try world.run(.relationCreated(try #require(world.world[relation: "nginx-route"]).event()))
        let asked = try #require(world.world[relation: "nginx-route"]).ownApplicationData
        #expect(asked["service-hostname"] == "events.example.com")
        #expect(asked["service-name"] == "indico")
        #expect(asked["service-port"] == "8080")
        #expect(asked["max-body-size"] == "0")
        #expect(world.world.unitStatus == .active())
    }

    @Test func `the ingress' URL is the site's when none is configured`() throws {
        var world = try serving(
            RelationState(
                "ingress",
                id: 21,
                remoteApplication: "traefik",
                remoteApplicationData: ["ingress": #"{"url": "https://indico.example.com/"}"#]
            )
        )
        world.world.config["site_url"] = nil
        try world.run(.relationChanged(try #require(world.world[relation: "ingress"]).event()))
        #expect(try indicoConf(world).contains("BASE_URL = 'https://indico.example.com'"))
        let asked = try #require(world.world[relation: "ingress"])
        #expect(asked.ownApplicationData["port"] == "8080")
        #expect(asked.ownUnitData["host"]?.contains("indico-0.indico-endpoints.") == true)
        #expect(asked.ownUnitData["ip"] != nil)

        world.world.config["site_url"] = .string("https://other.example.com")
        try world.run(.configChanged)
        #expect(try indicoConf(world).contains("BASE_URL = 'https://other.example.com'"))
    }

    @Test func `an ingress with a path is told what Indico needs, unless somebody knows better`() throws {
        var world = try serving(
            RelationState(
                "ingress",
                id: 21,
                remoteApplication: "traefik",
                remoteApplicationData: ["ingress": #"{"url": "http://10.0.0.5/indico-model-indico"}"#]
            )
        )
        let before = try indicoConf(world)
        world.world.config["site_url"] = nil
        try world.run(.updateStatus)
        #expect(world.world.unitStatus?.kind == .blocked)
        #expect(
            world.world.unitStatus?.message.contains("relation ingress: serves under the path /indico-model") == true
        )
        #expect(try indicoConf(world) == before)
        world.world.config["site_url"] = .string("http://127.0.0.1:8080")
        try world.run(.configChanged)
        #expect(world.world.unitStatus == .active())
    }

    @Test func `oauth: we register as a client, and people sign in there`() throws {
        let databag = try #require(SignOnTests.databag)
        var world = try serving(
            RelationState("oauth", id: 23, remoteApplication: "hydra", remoteApplicationData: databag)
        )
        world.world.secrets.append(
            SecretState(id: "secret:client", owner: .other(isGranted: true), revisions: [["secret": "s'cret"]])
        )
        try world.run(.relationChanged(try #require(world.world[relation: "oauth"]).event()))
        let asked = try #require(world.world[relation: "oauth"]).ownApplicationData
        #expect(asked["redirect_uri"] == "http://127.0.0.1:8080/multipass/authlib/oauth")
        let conf = try indicoConf(world)
        #expect(conf.contains(#"'client_secret': 's\'cret'"#))
        #expect(conf.contains("LOCAL_REGISTRATION = False"))
        #expect(world.world.unitStatus == .active())

        try world.run(.relationBroken(try #require(world.world[relation: "oauth"]).event()))
        #expect(try !indicoConf(world).contains("AUTH_PROVIDERS"))
    }

    @Test func `a provider that is not done yet keeps nobody out`() throws {
        var world = try serving(RelationState("oauth", id: 23, remoteApplication: "hydra"))
        try world.run(.updateStatus)
        #expect(world.world.unitStatus == .active())
        #expect(try !indicoConf(world).contains("AUTH_PROVIDERS"))
        #expect(try #require(world.world[relation: "oauth"]).ownApplicationData["scope"] == "openid profile email")
    }

    @Test func `metrics-endpoint relation-joined publishes a job for each exporter, Celery's where it runs`() throws {
        var world = try serving(RelationState("metrics-endpoint", id: 22, remoteApplication: "prometheus"))
        try world.run(.relationJoined(try #require(world.world[relation: "metrics-endpoint"]).event(unit: 0)))
        let relation = try #require(world.world[relation: "metrics-endpoint"])
        let address = try #require(relation.ownUnitData["prometheus_scrape_unit_address"])
        let jobs = try #require(relation.ownApplicationData["scrape_jobs"])
        for target in ["*:9113", "*:9102", "\(address):9808"] { #expect(jobs.contains("[\"\(target)\"]")) }
        #expect(relation.ownApplicationData["alert_rules"]?.contains("IndicoUnreachable") == true)
        #expect(relation.ownApplicationData["alert_rules"]?.contains("juju_application") == true)
    }

    @Test func `Celery's exporter is scraped at the unit that was elected`() throws {
        var world = try serving(RelationState("metrics-endpoint", id: 22, remoteApplication: "prometheus"))
        world.world.relations.removeAll { $0.isPeer }
        world.world.relations.append(
            RelationState(
                peer: "indico-peers",
                id: 11,
                application: "indico",
                peersData: [1: ["ingress-address": "10.1.2.3"]],
                applicationData: ["secret-key": "kept", "celery-unit": "indico/1"]
            )
        )
        try world.run(.updateStatus)
        let relation = try #require(world.world[relation: "metrics-endpoint"])
        #expect(relation.ownApplicationData["scrape_jobs"]?.contains("[\"10.1.2.3:9808\"]") == true)
    }

    @Test func `what is published again is no change`() throws {
        var world = try serving(RelationState("metrics-endpoint", id: 22, remoteApplication: "prometheus"))
        try world.run(.updateStatus)
        let output = try world.run(.updateStatus)
        #expect(!output.toolCalls.contains { $0.tool == .relationSet })
    }
}
