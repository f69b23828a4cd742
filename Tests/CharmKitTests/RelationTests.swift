// SPDX-License-Identifier: Apache-2.0

import CharmKit
import CharmTesting
import Testing

@Suite struct RelationTests {
    private var world: World {
        var world = World(unit: UnitName(application: "app", number: 1), isLeader: true)
        world.relations = [
            RelationState(
                "database",
                id: 3,
                remoteApplication: "postgresql",
                remoteApplicationData: ["endpoints": "db:5432"],
                remoteUnitsData: [0: ["x": "0"], 10: ["x": "10"], 2: ["x": "2"]],
                ownApplicationData: ["database": "old", "keep": "1"],
                ownUnitData: ["ingress-address": "192.0.2.0"]
            ),
            RelationState(
                peer: "peers",
                id: 4,
                application: "app",
                peersData: [0: ["p": "q"]],
                applicationData: ["k": "v"]
            ),
        ]
        return world
    }

    private func run(
        _ event: HookEvent = .start,
        in world: World,
        _ body: @escaping (Model) throws -> Void
    ) throws -> Output {
        let output = try CharmTest { _ in TestCharm { $0.on(.anyHook) { _, model in try body(model) } } }
            .run(event, in: world)
        if let error = output.error { throw error }
        return output
    }

    @Test func `databags are read once and units come sorted by number`() throws {
        let output = try run(in: world) { model in
            for _ in 1...2 {
                let relation = try #require(try model.relation("database"))
                #expect(try relation.units().map(\.number) == [0, 2, 10])
                #expect(try relation.remoteApplication() == "postgresql")
                #expect(try relation.data(.remoteApplication) == ["endpoints": "db:5432"])
                #expect(try relation.data(.remoteUnit(UnitName(application: "postgresql", number: 2))) == ["x": "2"])
                #expect(try relation.data(.ownUnit) == ["ingress-address": "192.0.2.0"])
            }
        }
        #expect(
            output.toolCalls.map(\.tool) == [.relationIDs, .relationList, .relationGet, .relationGet, .relationGet]
        )
    }

    @Test func `writes are read back at once and sent in one call of changed keys`() throws {
        let output = try run(in: world) { model in
            let relation = try #require(try model.relation("database"))
            try relation.set(["database": "new", "keep": "1"], in: .ownApplication)
            try relation.set(["extra": "x", "gone": "y"], in: .ownApplication)
            try relation.remove(["gone"], from: .ownApplication)
            #expect(try relation.data(.ownApplication) == ["database": "new", "keep": "1", "extra": "x"])
            try relation.set(["hello": "world"], in: .ownUnit)
        }
        #expect(output.world.relations[0].ownApplicationData == ["database": "new", "keep": "1", "extra": "x"])
        #expect(output.world.relations[0].ownUnitData["hello"] == "world")
        let sets = output.toolCalls.filter { $0.tool == .relationSet }
        #expect(
            sets.map(\.arguments) == [
                ["-r", "database:3", "--file", "-"], ["-r", "database:3", "--app", "--file", "-"],
            ]
        )
        #expect(sets.last?.input == #"{"database":"new","extra":"x"}"#)
    }

    @Test func `writing what is there already sends nothing`() throws {
        let output = try run(in: world) { model in
            try model.relation("database")?.set(["database": "old"], in: .ownApplication)
            try model.relation("database")?.remove(["never-there"], from: .ownUnit)
        }
        #expect(output.count(.relationSet) == 0)
    }

    @Test func `only the leader may read or write its application's databag`() throws {
        var world = world
        world.isLeader = false
        _ = try run(in: world) { model in
            let relation = try #require(try model.relation("database"))
            #expect(throws: DatabagError.notLeader(relation: relation.id)) {
                try relation.set(["a": "b"], in: .ownApplication)
            }
            #expect(throws: DatabagError.notReadable(relation: relation.id, owner: .ownApplication)) {
                try relation.data(.ownApplication)
            }
            try relation.set(["a": "b"], in: .ownUnit)
            // Every unit may read what its leader wrote to a peer relation.
            #expect(try model.relation("peers")?.data(.ownApplication) == ["k": "v"])
        }
    }

    @Test func `nobody may write another's databag`() throws {
        _ = try run(in: world) { model in
            let relation = try #require(try model.relation("database"))
            for owner in [DatabagOwner.remoteApplication, .remoteUnit(UnitName(application: "postgresql", number: 0))] {
                #expect(throws: DatabagError.notOwn(relation: relation.id, owner: owner)) {
                    try relation.set(["a": "b"], in: owner)
                }
            }
        }
    }

    @Test func `a relation that is being broken is gone from the list but readable from the event`() throws {
        let world = world
        let output = try CharmTest { _ in
            TestCharm { observers in
                observers.on(.relationBroken("database")) { event, model in
                    #expect(try model.relations("database").isEmpty)
                    let relation = try #require(event.relation)
                    #expect(!relation.isActive)
                    #expect(try relation.data(.remoteApplication) == ["endpoints": "db:5432"])
                    #expect(throws: DatabagError.relationGone(relation: relation.id)) {
                        try relation.set(["a": "b"], in: .ownUnit)
                    }
                }
            }
        }.run(.relationBroken(world.relations[0].event()), in: world)
        #expect(output.error == nil)
    }

    @Test func `the peer relation's other end is this application`() throws {
        let output = try run(in: world) { model in
            let peers = try #require(try model.relation("peers"))
            #expect(try peers.remoteApplication() == "app")
            #expect(try peers.units() == [UnitName(application: "app", number: 0)])
        }
        #expect(output.count(.relationList) == 1)
    }

    @Test func `several relations of an endpoint are no one relation`() throws {
        var world = world
        world.relations.append(RelationState("database", id: 9, remoteApplication: "mysql"))
        _ = try run(in: world) { (model: Model) throws in
            #expect(try model.relations("database").map(\.id.number) == [3, 9])
            #expect(throws: DatabagError.severalRelations(endpoint: "database", count: 2)) {
                try model.relation("database")
            }
        }
    }

    private struct Scrape: Codable, Equatable {
        var jobs: [String]
        var port: Int
        var path: String
    }

    @Test func `typed values go over the wire as JSON text per key`() throws {
        let output = try run(in: world) { model in
            let relation = try #require(try model.relation("database"))
            let value = Scrape(jobs: ["a/b"], port: 9102, path: "/metrics")
            try relation.save(value, in: .ownUnit)
            #expect(try relation.load(Scrape.self, from: .ownUnit) == value)
        }
        #expect(output.world.relations[0].ownUnitData["jobs"] == #"["a/b"]"#)
        #expect(output.world.relations[0].ownUnitData["port"] == "9102")
        #expect(output.world.relations[0].ownUnitData["path"] == #""/metrics""#)
    }

    @Test func `a typed value that does not fit names its key`() throws {
        var world = world
        world.relations[0].remoteApplicationData = ["jobs": "[1", "port": "9102", "path": #""/""#]
        _ = try run(in: world) { model in
            let relation = try #require(try model.relation("database"))
            do {
                _ = try relation.load(Scrape.self, from: .remoteApplication)
                Issue.record("a broken list was read")
            } catch let error as DatabagError {
                #expect("\(error)".contains("jobs"))
            }
        }
    }
}
