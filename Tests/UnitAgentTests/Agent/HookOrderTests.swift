// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import UnitAgent

@Suite struct HookOrderTests {
    @Test func `a unit's first start runs the hooks in Juju's order`() async throws {
        let unit = try TestUnit()
        try await unit.run { _ in
            try await unit.expectLast([
                "install", "friends-relation-created tiny", "leader-elected", "config-changed", "start",
            ])
            #expect(unit.events.count == 5)
        }
    }

    @Test func `an agent that starts again tells the configuration and nothing else`() async throws {
        let unit = try TestUnit()
        try await unit.run { _ in
            try await unit.expectLast(["start"])
            try await unit.settle()
        }
        try await unit.run { _ in
            try await unit.expectLast(["start", "config-changed"])
            try await unit.settle()
        }
        #expect(unit.events.count == 6)
    }

    @Test func `a related application is created, joined, changed, departed and broken`() async throws {
        let unit = try TestUnit()
        try await unit.run { client in
            try await unit.expectLast(["start"])
            let remote = RemoteApplication(
                name: "postgres",
                databag: ["x": "1"],
                units: [0: ["host": "a"], 1: ["host": "b"]]
            )
            try client.integrate(endpoint: "db", with: remote)
            try await unit.expectLast([
                "db-relation-created postgres", "db-relation-changed postgres",
                "db-relation-joined postgres postgres/0", "db-relation-changed postgres postgres/0",
                "db-relation-joined postgres postgres/1", "db-relation-changed postgres postgres/1",
            ])
            try client.removeRelation(endpoint: "db")
            try await unit.expectLast([
                "db-relation-departed postgres postgres/0", "db-relation-departed postgres postgres/1",
                "db-relation-broken postgres",
            ])
            try await unit.settle()
            #expect(try client.status().relations.map(\.endpoint) == ["friends"])
        }
    }

    @Test func `only what differs in a databag is told`() async throws {
        let unit = try TestUnit()
        try await unit.run { client in
            var remote = RemoteApplication(name: "postgres", databag: ["x": "1"], units: [0: ["host": "a"]])
            try client.integrate(endpoint: "db", with: remote)
            try await unit.expectLast(["db-relation-changed postgres postgres/0"])
            try client.integrate(endpoint: "db", with: remote)
            remote.units[0] = ["host": "c"]
            try client.integrate(endpoint: "db", with: remote)
            try await unit.expectLast([
                "db-relation-changed postgres postgres/0", "db-relation-changed postgres postgres/0",
            ])
            remote.databag = ["x": "2"]
            try client.integrate(endpoint: "db", with: remote)
            try await unit.expectLast(["db-relation-changed postgres postgres/0", "db-relation-changed postgres"])
            remote.units = [:]
            try client.integrate(endpoint: "db", with: remote)
            try await unit.expectLast(["db-relation-changed postgres", "db-relation-departed postgres postgres/0"])
        }
    }

    @Test func `setting an option tells the charm, setting it again does not`() async throws {
        let unit = try TestUnit(hooks: ["hooks/config-changed": "config-get greeting >> $TEST_DIR/greetings"])
        try await unit.run { client in
            try await unit.expectLast(["config-changed", "start"])
            try client.setConfig(["greeting": "good day"])
            try await eventually("it is told") { unit.directory.read("greetings") == "hello\ngood day\n" }
            try client.setConfig(["greeting": "good day"])
            try client.resetConfig(["greeting"])
            try await unit.expectLast(["start", "config-changed", "config-changed"])
            try await unit.settle()
        }
        #expect(unit.directory.read("greetings") == "hello\ngood day\nhello\n")
    }

    @Test func `a charm with other contents is upgraded, the same contents are not`() async throws {
        let unit = try TestUnit()
        try await unit.run { _ in
            try await unit.expectLast(["start"])
            try await unit.settle()
        }
        try unit.directory.write("1.1", to: "charm/version")
        try await unit.run { client in
            try await unit.expectLast(["start", "upgrade-charm", "config-changed"])
            #expect(try client.status().application.charmVersion == "1.1")
        }
    }

    @Test func `a removed unit leaves its relations, stops and ends the agent`() async throws {
        let unit = try TestUnit()
        try await unit.run { client in
            try client.integrate(endpoint: "db", with: RemoteApplication(name: "postgres"))
            try await unit.expectLast(["db-relation-changed postgres postgres/0"])
            try client.removeUnit()
            try await unit.expectLast([
                "db-relation-departed postgres postgres/0", "db-relation-broken postgres", "stop", "remove",
            ])
            try await eventually("the agent ends") { !client.isReachable }
        }
    }

    @Test func `update-status comes when the unit has been idle for its interval`() async throws {
        let unit = try TestUnit()
        try await unit.run(changing: { $0.updateStatusInterval = .milliseconds(200) }) { _ in
            try await unit.expectLast(["start", "update-status", "update-status"])
        }
    }
}
