// SPDX-License-Identifier: Apache-2.0
import CharmKit
import CharmTesting
import PebbleAPI
import Testing

@testable import IndicoCharm

/// The events the existing charm lacks, and those of its interfaces, one by one.
@Suite struct MoreEventTests {
    private func conf(_ world: IndicoWorld) throws -> String {
        try #require(world.world.containers["indico"]?.text("/srv/indico/etc/indico.conf"))
    }

    @Test func `endpoints-changed: the first of the new endpoints is connected to`() throws {
        var world = try IndicoWorld.serving()
        world.world[relation: "database"]?.remoteApplicationData["endpoints"] = "10.0.0.9:5433,10.0.0.1:5432"
        try world.run(.relationChanged(try #require(world.world[relation: "database"]).event()))
        #expect(try conf(world).contains("@10.0.0.9:5433/indico"))
        #expect(world.world.unitStatus == .active())
    }

    @Test(arguments: [
        "nginx-route", "ingress", "s3", "smtp", "smtp-legacy", "saml", "oauth", "metrics-endpoint", "grafana-dashboard",
        "logging", "tracing", "http-proxy", "db", "backups",
    ])
    func `relation-broken of an optional endpoint leaves the site active`(endpoint: String) throws {
        var world = try IndicoWorld.serving()
        let relation = RelationState(endpoint, id: 60, remoteApplication: "other")
        world.world.relations.append(relation)
        try world.run(.relationCreated(relation.event()))
        #expect(world.world.unitStatus == .active())
        let output = try world.run(.relationBroken(relation.event()))
        #expect(output.error == nil)
        #expect(world.world.unitStatus == .active())
        #expect(!output.changes(in: "indico").contains(.stopped("indico")))
    }

    @Test func `update-status finds what nobody told of`() throws {
        var world = try IndicoWorld.serving()
        world.world.containers["indico-nginx"]?.files["/etc/nginx/nginx.conf"] = nil
        let output = try world.run(.updateStatus)
        #expect(output.changes(in: "indico-nginx").contains(.signalled("SIGHUP", service: "nginx")))
        #expect(world.world.unitStatus == .active())
    }

    @Test func `upgrade-charm tells the workload's version again, and changes nothing that is as it shall be`() throws {
        var world = try IndicoWorld.serving()
        world.world.workloadVersion = ""
        let output = try world.run(.upgradeCharm)
        #expect(world.world.workloadVersion == "3.2.9")
        #expect(output.containerCalls.isEmpty)
    }

    @Test func `refresh-external-resources has workers load what was fetched`() throws {
        var world = try IndicoWorld.serving()
        world.world.config["customization_sources_url"] = .string("https://git.example.com/c.git")
        world.world.config["external_plugins"] = .string("indico-plugin-foo")
        let output = try world.run(.action(ActionEvent(name: "refresh-external-resources", id: "1")))
        #expect(output.commands(in: "indico").compactMap(\.words.last) == ["install-plugins", "customize", "reload"])
        #expect(output.action?.results["plugins"] == "installed")
    }
}
