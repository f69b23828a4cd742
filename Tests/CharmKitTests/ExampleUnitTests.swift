// SPDX-License-Identifier: Apache-2.0

import CharmKit
import CharmTesting
import Testing

@testable import hello_charm

/// The example tested as its author would: in memory, with the charm's own files.
@Suite struct ExampleUnitTests {
    private func test() throws -> CharmTest {
        CharmTest(HelloCharm.self, declaration: try CharmDeclaration(charmDirectory: try CharmSource.directory))
    }

    @Test func `it serves, with defaults from its own files`() throws {
        var world = World(isLeader: true)
        world.containers["web"] = .fresh
        world.relations = [RelationState(peer: "friends", id: 1, application: "app")]
        let output = try test().run(.pebbleReady(container: "web"), in: world)
        #expect(output.error == nil)
        #expect(output.world.containers["web"]?.text("/srv/hello/page") == "hello\n")
        #expect(output.changes(in: "web").contains(.started("web")))
        #expect(output.world.openedPorts == [PortRange(8080)])
        #expect(output.world.unitStatus == .active())
        // What is as it should be is left alone.
        let again = try test().run(.updateStatus, in: output.world)
        #expect(again.containerCalls.isEmpty)
        #expect(again.count(.secretAdd) == 0)
    }

    @Test func `an unusable port blocks by name`() throws {
        let output = try test().run(.configChanged, in: World(config: ["port": 0]))
        #expect(output.world.unitStatus == .blocked("invalid config: option port must be from 1 to 65535"))
    }

    @Test func `it greets, and counts`() throws {
        var world = World()
        world.actionParameters = ["name": "Ada"]
        let event = HookEvent.action(ActionEvent(name: "greet", id: "1"))
        let output = try test().run(event, in: world)
        #expect(output.action?.results == ["greeting": "hello, Ada", "count": "1"])
        #expect(output.action?.log == ["greeting Ada"])
        world.actionParameters = [:]
        #expect(throws: ImpossibleWorld(problems: ["action greet needs parameter name"])) {
            try test().run(event, in: world)
        }
    }

    @Test func `asked before its container is there, it asks once it is`() throws {
        var world = World(isLeader: true)
        world.containers["web"] = .notReachable
        let database = RelationState("database", id: 2, remoteApplication: "pg")
        world.relations = [database]
        world = try test().run(.relationCreated(database.event()), in: world).world
        #expect(world.deferred == [.init(.relationCreated(database.event()), for: "ask-for-database")])
        #expect(world[relation: "database"]?.ownApplicationData == [:])
        world.containers["web"] = .fresh
        world = try test().run(.pebbleReady(container: "web"), in: world).world
        #expect(world.deferred == [])
        #expect(world[relation: "database"]?.ownApplicationData == ["database": "app"])
    }
}
