// SPDX-License-Identifier: Apache-2.0

import CharmTesting
import PebbleAPI
import SeededTesting
import Testing

@testable import CharmKit

/// What a charm reads and writes in all its relations on every event, in one text and some databags.
private final class Reader {
    static let endpoints = ["database", "mates", "web"]
    var seen: [RelationID: String] = [:]
    /// What is written to the application's databags: short, long, and longer than is remembered as it is.
    var note = ""
    var failure: (any Error)?

    func read(_ event: Event, _ model: Model) throws {
        seen = [:]
        for endpoint in Self.endpoints {
            for relation in try model.relations(endpoint) {
                let units = try relation.units()
                var text = "\(try relation.remoteApplication() ?? "?") \(units)"
                if endpoint != "mates" { text += " \(Self.text(try relation.data(.remoteApplication)))" }
                for unit in units { text += " \(Self.text(try relation.data(.remoteUnit(unit))))" }
                seen[relation.id] = text
                try relation.set(["hears": text], in: .ownUnit)
                if try model.isLeader() { try relation.set(["note": note], in: .ownApplication) }
            }
        }
        if let failure { throw failure }
    }

    static func text(_ values: [String: String]) -> String {
        values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.description
    }

    func run(_ event: HookEvent, in world: World) throws -> Output {
        try CharmTest { _ in
            TestCharm { observers in
                observers.rememberRelations()
                observers.on(.anyHook) { try self.read($0, $1) }
            }
        }.run(event, in: world)
    }
}

extension RelationState {
    /// What the reader says of it when it looks.
    fileprivate var told: String {
        let units = remoteUnitsData.keys.sorted()
        var text = "\(remoteApplication) \(units)"
        if !isPeer { text += " \(Reader.text(remoteApplicationData))" }
        for unit in units { text += " \(Reader.text(remoteUnitsData[unit] ?? [:]))" }
        return text
    }
}

@Suite struct RelationMemoryTests {
    private static let reads: Set<ToolName> = [.relationIDs, .relationList, .relationGet]

    private var world: World {
        var world = World(isLeader: true)
        world.remembersRelations = true
        world.relations = [
            RelationState("database", id: 1, remoteApplication: "pg", remoteApplicationData: ["a": "1"]),
            RelationState("web", id: 2, remoteApplication: "front", remoteUnitsData: [0: ["b": "1"], 1: [:]]),
            RelationState(peer: "mates", id: 3, application: "app", peersData: [1: ["c": "1"]]),
        ]
        return world
    }

    private func reads(_ output: Output) -> Int { output.toolCalls.count { Self.reads.contains($0.tool) } }

    @Test func `what was read is not read again, and one call brings it back`() throws {
        let reader = Reader()
        let first = try reader.run(.configChanged, in: world)
        #expect(first.error == nil)
        #expect(reads(first) > 10)
        let told = reader.seen
        let second = try reader.run(.configChanged, in: first.world)
        #expect(second.toolCalls.map(\.tool) == [.stateGet, .isLeader])
        #expect(reader.seen == told)
    }

    @Test func `an event of an endpoint has that endpoint read anew and no other`() throws {
        let reader = Reader()
        var world = try reader.run(.configChanged, in: world).world
        world.relations[0].remoteApplicationData["a"] = "2"
        let output = try reader.run(.relationChanged(world.relations[0].event()), in: world)
        #expect(output.error == nil)
        let read = output.toolCalls.filter { Self.reads.contains($0.tool) }
        #expect(!read.isEmpty && read.allSatisfy { $0.arguments.joined().contains("database") }, "\(read)")
        let id = world.relations[0].relationID
        #expect(reader.seen[id] == world.relations[0].told)
        #expect(output.world.relations[0].ownUnitData["hears"] == world.relations[0].told)
    }

    @Test(arguments: [HookEvent.install, .start, .upgradeCharm])
    func `what another charm may have been told of is read anew`(event: HookEvent) throws {
        let reader = Reader()
        var world = try reader.run(.configChanged, in: world).world
        world.relations[1].remoteUnitsData[UnitName(application: "front", number: 1)] = ["b": "2"]
        _ = try reader.run(event, in: world)
        #expect(reader.seen[world.relations[1].relationID] == world.relations[1].told)
    }

    @Test func `after its time, and with another agent, all is read anew`() throws {
        let reader = Reader()
        let before = try reader.run(.configChanged, in: world).world
        let text = try #require(before.storedState[RelationMemory.headerKey])
        let header = try WireJSON.decode(RelationMemory.Header.self, from: text.utf8)
        for change in [
            { (header: inout RelationMemory.Header) in header.since -= 1801 }, { $0.since += 1000 }, { $0.format += 1 },
            { $0.agent = "2.9.1" },
        ] {
            var (world, other) = (before, header)
            change(&other)
            world.storedState[RelationMemory.headerKey] = try WireJSON.text(of: other)
            world.relations[0].remoteApplicationData["a"] = "unheard"
            let output = try reader.run(.updateStatus, in: world)
            #expect(reader.seen[world.relations[0].relationID] == world.relations[0].told)
            #expect(output.world.storedState[RelationMemory.headerKey] != world.storedState[RelationMemory.headerKey])
        }
    }

    @Test func `which endpoints are those of peers is remembered until another charm may be there`() throws {
        let reader = Reader()
        var world = try reader.run(.configChanged, in: world).world
        let text = try #require(world.storedState[RelationMemory.headerKey])
        var header = try WireJSON.decode(RelationMemory.Header.self, from: text.utf8)
        #expect(header.peers == ["database": false, "mates": true, "web": false])
        // What is not so shows who was asked.
        header.peers?["database"] = true
        world.storedState[RelationMemory.headerKey] = try WireJSON.text(of: header)
        let id = world.relations[0].relationID
        _ = try reader.run(.updateStatus, in: world)
        #expect(reader.seen[id]?.hasPrefix("app ") == true, "\(reader.seen[id] ?? "")")
        _ = try reader.run(.upgradeCharm, in: world)
        #expect(reader.seen[id] == world.relations[0].told)
    }

    @Test func `what is stored may be anything`() throws {
        let reader = Reader()
        var world = world
        world.storedState = [
            RelationMemory.headerKey: try WireJSON.text(
                of: RelationMemory.Header(since: 4_000_000_000, agent: "3.6.9")
            ),
            RelationMemory.key("database"): "no JSON", RelationMemory.key("gone"): "{}",
        ]
        let output = try reader.run(.updateStatus, in: world)
        #expect(output.error == nil)
        #expect(reader.seen[world.relations[0].relationID] == world.relations[0].told)
        #expect(output.world.storedState[RelationMemory.key("gone")]?.isEmpty ?? true)
    }

    @Test func `a hook that fails leaves what was remembered, and comes again`() throws {
        let reader = Reader()
        var world = try reader.run(.configChanged, in: world).world
        let remembered = world.storedState
        world.relations[0].remoteApplicationData["a"] = "2"
        reader.failure = HandlerFailure()
        let failed = try reader.run(.relationChanged(world.relations[0].event()), in: world)
        #expect(failed.error != nil)
        #expect(failed.world.storedState == remembered)
    }

    @Test func `an event that ends in a blocked unit does not come again, and is not forgotten`() throws {
        let reader = Reader()
        var world = try reader.run(.configChanged, in: world).world
        world.relations[0].remoteApplicationData["a"] = "2"
        reader.failure = ConfigError(option: "x", problem: "must be y")
        let blocked = try reader.run(.relationChanged(world.relations[0].event()), in: world)
        #expect(blocked.error == nil)
        #expect(blocked.count(.relationSet) == 0)
        reader.failure = nil
        let next = try reader.run(.updateStatus, in: blocked.world)
        #expect(reader.seen[world.relations[0].relationID] == world.relations[0].told)
        #expect(next.world.relations[0].ownUnitData["hears"] == world.relations[0].told)
    }

    @Test func `a charm that looks at nothing forgets what changed all the same`() throws {
        let reader = Reader()
        var world = try reader.run(.configChanged, in: world).world
        world.relations[0].remoteApplicationData["a"] = "2"
        let deaf = try CharmTest { _ in TestCharm { $0.rememberRelations() } }
            .run(.relationChanged(world.relations[0].event()), in: world)
        #expect(deaf.toolCalls.map(\.tool) == [.stateGet, .stateSet])
        _ = try reader.run(.updateStatus, in: deaf.world)
        #expect(reader.seen[world.relations[0].relationID] == world.relations[0].told)
    }

    @Test func `databags that are too much to remember are read each time`() throws {
        let reader = Reader()
        var world = world
        world.relations[0].remoteApplicationData["big"] = String(repeating: "x", count: RelationMemory.maximumSize)
        world = try reader.run(.configChanged, in: world).world
        let output = try reader.run(.configChanged, in: world)
        #expect(output.count(.relationGet) > 0)
        #expect(reader.seen[world.relations[0].relationID] == world.relations[0].told)
    }

    @Test func `without being asked to, nothing is remembered`() throws {
        var world = world
        world.remembersRelations = false
        let output = try Reader().run(.configChanged, in: world)
        #expect(output.world.storedState.isEmpty)
        #expect(output.count(.stateGet) == 0)
    }

    @Test func `long values are told apart by their marks`() {
        let long = String(repeating: "x", count: 65)
        #expect(ValueMark.of("short") == "short")
        #expect(ValueMark.isValue(ValueMark.of("")))
        #expect(!ValueMark.isValue(ValueMark.of(long)))
        #expect(!ValueMark.isValue(ValueMark.of("#5-x")))
        #expect(ValueMark.of(long) != ValueMark.of(long + "x"))
        #expect(ValueMark.of(long) != ValueMark.of("y" + long.dropFirst()))
    }

    // MARK: - Drawn

    @Test(arguments: 0..<40) func `once every event has come, what is remembered is what is`(seed: Int) throws {
        var story = Story(world: world, salt: UInt64(seed))
        for _ in 0..<40 { try story.step() }
        try story.settle()
    }
}

/// Relations that change at random, each change told by its events, which come late and mixed with others.
private struct Story {
    var world: World
    var numbers: SeededGenerator
    let reader = Reader()
    /// By relation, the events still to come and what the world is at each.
    var pending: [Int: [(HookEvent, (inout World) -> Void)]] = [:]
    var nextID = 10

    init(world: World, salt: UInt64) {
        self.world = world
        numbers = SeededGenerator(salt: 7000 + salt)
    }

    mutating func step() throws {
        switch Int.random(in: 0..<6, using: &numbers) {
        case 0, 1: change()
        case 2, 3: try deliver()
        case 4: reader.note = String(repeating: "n", count: Int.random(in: 0...3, using: &numbers) * 40)
        default: try run([.configChanged, .updateStatus].randomElement(using: &numbers) ?? .configChanged)
        }
        if Int.random(in: 0..<10, using: &numbers) == 0 { try switchLeader() }
    }

    mutating func settle() throws {
        while !pending.isEmpty { try deliver() }
        try run(.updateStatus)
        let output = try run(.configChanged)
        #expect(output.toolCalls.map(\.tool) == [.stateGet, .isLeader])
        #expect(reader.seen.count == world.relations.count)
    }

    /// Another unit leads for a while and writes, and this one leads again.
    private mutating func switchLeader() throws {
        world.isLeader.toggle()
        guard world.isLeader else { return }
        for index in world.relations.indices { world.relations[index].ownApplicationData["note"] = "another leader's" }
        try run(.leaderElected)
    }

    private mutating func change() {
        let free = world.relations.indices.filter { pending[world.relations[$0].id] == nil }
        let value = String(Int.random(in: 0...99, using: &numbers))
        guard let index = free.randomElement(using: &numbers), Int.random(in: 0..<6, using: &numbers) > 0 else {
            return create()
        }
        let id = world.relations[index].id
        let relation = world.relations[index]
        let unit = relation.remoteUnitsData.keys.sorted().first
        switch Int.random(in: 0..<5, using: &numbers) {
        case 0 where !relation.isPeer:
            world.relations[index].remoteApplicationData["a"] = value
            pending[id] = [(.relationChanged(relation.event()), { _ in })]
        case 1 where unit != nil:
            guard let unit else { return }
            world.relations[index].remoteUnitsData[unit]?["u"] = value
            pending[id] = [(.relationChanged(relation.event(unit: unit.number)), { _ in })]
        case 2 where unit != nil:
            guard let unit else { return }
            world.relations[index].departedUnitsData[unit] = world.relations[index].remoteUnitsData.removeValue(
                forKey: unit
            )
            pending[id] = [(.relationDeparted(relation.departure(unit: unit.number)), { _ in })]
        case 3 where !relation.isPeer && relation.remoteUnitsData.isEmpty:
            pending[id] = [(.relationBroken(relation.event()), { $0.relations.removeAll { $0.id == id } })]
        default:
            let number = (relation.remoteUnitsData.keys.map(\.number).max() ?? 0) + 1
            let name = UnitName(application: relation.remoteApplication, number: number)
            guard relation.departedUnitsData[name] == nil else { return }
            world.relations[index].remoteUnitsData[name] = ["u": value]
            pending[id] = [
                (.relationJoined(relation.event(unit: number)), { _ in }),
                (.relationChanged(relation.event(unit: number)), { _ in }),
            ]
        }
    }

    private mutating func create() {
        guard world.relations.count < 6 else { return }
        let relation = RelationState(
            ["database", "web"].randomElement(using: &numbers) ?? "web",
            id: nextID,
            remoteApplication: "other\(nextID)",
            remoteApplicationData: ["a": "new"]
        )
        nextID += 1
        world.relations.append(relation)
        pending[relation.id] = [
            (.relationCreated(relation.event()), { _ in }), (.relationJoined(relation.event(unit: 0)), { _ in }),
            (.relationChanged(relation.event(unit: 0)), { _ in }),
        ]
    }

    private mutating func deliver() throws {
        guard let id = pending.keys.sorted().randomElement(using: &numbers), var events = pending[id] else { return }
        let (event, after) = events.removeFirst()
        pending[id] = events.isEmpty ? nil : events
        try run(event)
        after(&world)
    }

    @discardableResult
    private mutating func run(_ event: HookEvent) throws -> Output {
        let output = try reader.run(event, in: world)
        #expect(output.error == nil, "\(event)")
        world = output.world
        // A relation of which no event is on its way is known as it is, and has been told what it should be.
        for relation in world.relations where pending[relation.id] == nil {
            guard let seen = reader.seen[relation.relationID] else { continue }
            #expect(seen == relation.told, "\(event)")
            #expect(relation.ownUnitData["hears"] == seen, "\(event)")
            if world.isLeader { #expect(relation.ownApplicationData["note"] ?? "" == reader.note, "\(event)") }
        }
        return output
    }
}
