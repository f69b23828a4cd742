// SPDX-License-Identifier: Apache-2.0
import CharmKit
import CharmTesting
import PebbleAPI
import Testing

@testable import IndicoCharm

/// A change that uWSGI cannot serve through: visitors are led to a stand-in meanwhile.
@Suite struct StandInTests {
    private func nginx(_ world: IndicoWorld) throws -> String {
        try #require(world.world.containers["indico-nginx"]?.text("/etc/nginx/nginx.conf"))
    }

    private func runs(_ world: IndicoWorld) -> Bool {
        world.world.containers["indico"]?.running[StandInConfiguration.name] != nil
    }

    @Test func `another number of workers is taken up behind a stand-in, which is gone afterwards`() throws {
        var world = try IndicoWorld.serving()
        world.world.config["workers"] = .integer(5)
        let output = try world.run(.configChanged)

        let calls = output.containerCalls.filter { $0.container == "indico" }.map(\.change)
        let started = try #require(calls.firstIndex(of: .started(StandInConfiguration.name)))
        let work = try #require(
            calls.firstIndex {
                if case .executed(let command) = $0 { command.words.last == "start-workers-anew" } else { false }
            }
        )
        let stopped = try #require(calls.firstIndex(of: .stopped(StandInConfiguration.name)))
        #expect(started < work && work < stopped)
        // There and back; what comes between is the third test's.
        #expect(output.changes(in: "indico-nginx").count { $0 == .signalled("SIGHUP", service: "nginx") } == 2)
        #expect(try nginx(world).contains("server 127.0.0.1:8081 max_fails=0;"))
        #expect(world.world.unitStatus == .active())
        #expect(!output.changes(in: "indico").contains(.stopped("indico")))
        #expect(try world.run(.updateStatus).containerCalls.isEmpty)
    }

    /// Workers answer 404 to any name but their own: nginx must not lead anybody to one of the other name.
    @Test func `another name of the site is taken up behind a stand-in too, another address for mail is not`() throws {
        var world = try IndicoWorld.serving()
        world.world.config["site_url"] = .string("https://conferences.example.com")
        let output = try world.run(.configChanged)
        let verbs = output.commands(in: "indico").compactMap(\.words.last)
        #expect(verbs.contains("start-workers-anew") && !verbs.contains("reload"))
        #expect(output.changes(in: "indico").contains(.started(StandInConfiguration.name)))
        #expect(!runs(world) && world.world.unitStatus == .active())
        #expect(try nginx(world).contains("server_name conferences.example.com;"))

        world.world.config["indico_support_email"] = .string("help@example.com")
        let mail = try world.run(.configChanged)
        #expect(mail.commands(in: "indico").compactMap(\.words.last).contains("reload"))
        #expect(!mail.changes(in: "indico").contains(.started(StandInConfiguration.name)))
    }

    @Test func `a stand-in that does not start is done without`() throws {
        var world = try IndicoWorld.serving()
        world.world.containers["indico"]?.failingServices = [StandInConfiguration.name]
        world.world.config["workers"] = .integer(5)
        let output = try world.run(.configChanged)
        #expect(output.commands(in: "indico").compactMap(\.words.last) == ["start-workers-anew"])
        #expect(!output.changes(in: "indico-nginx").contains(.signalled("SIGHUP", service: "nginx")))
        #expect(world.world.unitStatus == .active())
    }

    @Test func `while uWSGI does not come back visitors stay with the stand-in, and the next hook makes it good`()
        throws
    {
        var world = try IndicoWorld.serving()
        world.workload.change { $0.failingVerbs["start-workers-anew"] = "reload-timeout" }
        world.world.config["workers"] = .integer(5)
        try world.run(.configChanged)
        #expect(world.world.unitStatus == .waiting("waiting for Indico's workers: it says reload-timeout"))
        #expect(try nginx(world).contains("server 127.0.0.1:8082 max_fails=0;"))
        #expect(runs(world))

        world.workload.change { $0.failingVerbs = [:] }
        try world.run(.updateStatus)
        #expect(try nginx(world).contains("server 127.0.0.1:8081 max_fails=0;"))
        #expect(!runs(world))
        #expect(world.world.unitStatus == .active())
    }

    @Test func `it holds no secret, and no more workers than it needs`() throws {
        let settings = try sampleSettings { $0.options.workers = 64 }
        let text = StandInConfiguration.render(settings, layout: .image, ports: WorkloadPorts())
        #expect(text.contains("processes = 4\n"))
        #expect(text.contains("http-socket = 127.0.0.1:8082\n"))
        for secret in ["p@ss", "br/ok", "mail'pass", "0123456789abcdef"] { #expect(!text.contains(secret)) }
    }
}
