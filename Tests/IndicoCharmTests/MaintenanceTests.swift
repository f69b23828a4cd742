// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import CharmTesting
import PebbleAPI
import Testing

@testable import IndicoCharm

/// The actions by which an operator works on the site.
@Suite struct MaintenanceTests {
    private func run(
        _ name: String,
        _ parameters: [String: JSONValue] = [:],
        _ world: inout IndicoWorld
    ) throws -> Output {
        world.world.actionParameters = parameters
        return try world.run(.action(ActionEvent(name: name, id: "1")))
    }

    private func nginx(_ world: IndicoWorld) throws -> String {
        try #require(world.world.containers["indico-nginx"]?.text("/etc/nginx/nginx.conf"))
    }

    @Test func `pause shows the page, stops Celery and outlives every event until resume`() throws {
        var world = try IndicoWorld.serving()
        let output = try run("pause", ["message": .string("<back> at 5 & not before")], &world)
        #expect(output.action?.failure == nil)
        #expect(output.world.unitStatus == .maintenance("paused: <back> at 5 & not before"))
        try world.run(.updateStatus)
        #expect(try nginx(world).contains("return 503;"))
        let page = try #require(world.world.containers["indico-nginx"]?.text("/etc/nginx/maintenance.html"))
        #expect(page.contains("&lt;back&gt; at 5 &amp; not before"))
        #expect(world.running("celery-beat") == false)
        #expect(world.running("indico") == true)

        let resumed = try run("resume", [:], &world)
        #expect(resumed.action?.failure == nil)
        #expect(resumed.world.unitStatus == .active())
        #expect(try !nginx(world).contains("return 503;"))
        #expect(world.running("celery-beat") == true)
    }

    @Test func `a database that is away does not keep the page from being shown`() throws {
        var world = try IndicoWorld.serving()
        world.workload.change { $0.isReachable = false }
        _ = try run("pause", [:], &world)
        #expect(try nginx(world).contains("return 503;"))
    }

    @Test(arguments: ["pause", "resume", "rotate-secret-key", "run-migrations", "restore-backup"])
    func `what all units do is said by the leader alone`(name: String) throws {
        var world = try IndicoWorld.serving()
        world.world.isLeader = false
        let parameters: [String: JSONValue] =
            name == "restore-backup" ? ["backup": .string("2026-01-31T03-00-00Z")] : [:]
        let output = try run(name, parameters, &world)
        #expect(output.action?.failure == "only the leader can do this: run it on indico/leader")
    }

    @Test func `a message of several lines is refused`() throws {
        var world = try IndicoWorld.serving()
        let output = try run("pause", ["message": .string("one\ntwo")], &world)
        #expect(output.action?.failure?.contains("message must be one line") == true)
    }

    @Test func `rotate-secret-key makes another key for all units, and workers are replaced one by one`() throws {
        var world = try IndicoWorld.serving()
        func key(_ world: IndicoWorld) throws -> Substring {
            let text = try #require(world.world.containers["indico"]?.text("/srv/indico/etc/indico.conf"))
            return try #require(text.split(separator: "\n").first { $0.hasPrefix("SECRET_KEY") })
        }
        let before = try key(world)
        let output = try run("rotate-secret-key", [:], &world)
        #expect(output.action?.failure == nil)
        #expect(try key(world) != before)
        #expect(output.commands(in: "indico").compactMap(\.words.last).contains("reload"))
        let after = try key(world)
        try world.run(.configChanged)
        #expect(try key(world) == after)
    }

    @Test func `show-settings shows what is in effect and no secret`() throws {
        var world = try IndicoWorld.serving()
        world.world.config["customization_sources_url"] = .string("https://me:hunter2@git.example.com/custom.git")
        let output = try run("show-settings", [:], &world)
        let shown = try #require(output.action?.results)
        #expect(shown["site-url"] == "http://127.0.0.1:8080")
        #expect(shown["indico-conf"]?.contains("SECRET_KEY = '***'") == true)
        #expect(shown["customization-source"] == "https://***@git.example.com/custom.git")
        let all = shown.values.joined()
        let conf = try #require(world.world.containers["indico"]?.text("/srv/indico/etc/indico.conf"))
        let key = try #require(conf.split(separator: "\n").first { $0.hasPrefix("SECRET_KEY") }).split(separator: "'")[
            1
        ]
        #expect(!all.contains(key) && !all.contains("hunter2") && !all.contains("pa\\ss"))
    }

    @Test func `every secret of the settings is masked`() throws {
        let secret = "S3NTINEL"
        let proxy = "http://u:\(secret)@proxy:1"
        let settings = try sampleSettings {
            $0.secretKey = secret
            $0.database.password = secret
            $0.cache.password = secret
            $0.broker.password = secret
            $0.mail?.password = secret
            $0.signOn?.clientSecret = secret
            $0.external.bucket = S3Bucket(name: "b", accessKey: secret, secretKey: secret)
            $0.external.proxy = ProxyVariables(relation: nil, model: ProxySettings(http: proxy, https: proxy))
            $0.options.externalPlugins = ["git+https://u:\(secret)@git.example.com/a.git"]
            $0.options.customizationSource = "https://x:\(secret)@git.example.com/a.git"
        }
        #expect(IndicoConf.render(settings, layout: .image).contains(secret))
        #expect(!IndicoConf.render(settings.masked, layout: .image).contains(secret))
        #expect(!"\(settings.masked)".contains(secret))
    }
}
