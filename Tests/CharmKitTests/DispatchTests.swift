// SPDX-License-Identifier: Apache-2.0

import CharmKit
import CharmTesting
import Testing

@Suite struct DispatchTests {
    private func run(
        _ event: HookEvent,
        in world: World = World(),
        _ register: @escaping (inout Observers) -> Void
    ) throws -> Output {
        try CharmTest { _ in TestCharm(register) }.run(event, in: world)
    }

    @Test func `observers of an event run in the order they were registered`() throws {
        var order: [String] = []
        let output = try run(.start) { observers in
            observers.on(.start) { _, _ in order.append("first") }
            observers.on(.stop) { _, _ in order.append("stop") }
            observers.on(.anyHook) { event, _ in order.append("any \(event.name)") }
        }
        #expect(order == ["first", "any start"])
        #expect(output.error == nil)
        #expect(output.toolCalls.isEmpty)
    }

    @Test(arguments: [HookEvent.unknown(hook: "from-the-future"), .updateStatus, .collectMetrics, .meterStatusChanged])
    func `an event nobody looks at ends well and asks nothing`(event: HookEvent) throws {
        let output = try run(event) { $0.on(.start) { _, _ in throw HandlerFailure() } }
        #expect(output.error == nil)
        #expect(output.toolCalls.isEmpty)
    }

    @Test func `a handler that throws fails the hook and nothing gathered is sent`() throws {
        var world = World(isLeader: true)
        world.relations = [RelationState("database", id: 1, remoteApplication: "postgresql")]
        let output = try run(.configChanged, in: world) { observers in
            observers.on(.configChanged) { _, model in
                try model.relation("database")?.set(["database": "x"], in: .ownApplication)
                try model.state.set("1", for: "seen")
                model.setUnitStatus(.active())
                model.setPorts([PortRange(8080)])
                throw HandlerFailure()
            }
        }
        #expect(output.error is HandlerFailure)
        #expect(output.world.relations == world.relations)
        #expect(output.world.storedState.isEmpty)
        #expect(output.world.unitStatus == nil)
        #expect(output.world.openedPorts.isEmpty)
        for tool in [ToolName.relationSet, .stateSet, .statusSet, .openPort] { #expect(output.count(tool) == 0) }
        #expect(output.log.contains { $0.level == .error && $0.text.contains("config-changed failed") })
    }

    @Test func `what a failing hook showed and logged stays, as with juju`() throws {
        let output = try run(.start) { observers in
            observers.on(.start) { _, model in
                model.log.info("one")
                try model.showUnitStatus(.maintenance("working"))
                throw HandlerFailure()
            }
        }
        #expect(output.world.unitStatus == .maintenance("working"))
        #expect(output.log.first == Log.Line(level: .info, text: "one"))
    }

    @Test func `a bad option blocks the unit instead of failing the hook`() throws {
        let output = try run(.configChanged, in: World(config: ["port": "eighty"])) { observers in
            observers.on(.configChanged) { _, model in
                try model.state.set("1", for: "seen")
                _ = try model.config().integer("port")
            }
        }
        #expect(output.error == nil)
        #expect(output.world.unitStatus == .blocked("invalid config: option port must be a whole number"))
        #expect(output.world.storedState.isEmpty)
    }

    @Test func `statuses are collected after the handlers and the gravest is set once`() throws {
        let output = try run(.start, in: World(isLeader: true)) { observers in
            observers.collectUnitStatus { _ in [.active(), .waiting("for b")] }
            observers.collectUnitStatus { _ in [.blocked("on c"), .blocked("on d")] }
            observers.collectApplicationStatus { _ in [.active("serving")] }
            observers.on(.start) { _, model in model.setUnitStatus(.active("overruled")) }
        }
        #expect(output.shownStatuses == [.blocked("on c")])
        #expect(output.world.applicationStatus == .active("serving"))
        #expect(output.count(.isLeader) == 1)
    }

    @Test func `leadership is not asked for when nobody collects the application's status`() throws {
        let output = try run(.start) { $0.collectUnitStatus { _ in [.active()] } }
        #expect(output.count(.isLeader) == 0)
        #expect(output.toolCalls.map(\.tool) == [.statusSet])
    }

    @Test func `a unit that does not lead leaves the application's status alone`() throws {
        var asked = false
        let output = try run(.start) { observers in
            observers.collectApplicationStatus { _ in
                asked = true
                return [.active()]
            }
        }
        #expect(!asked)
        #expect(output.world.applicationStatus == nil)
    }

    @Test func `leader-elected means leadership without asking`() throws {
        let output = try run(.leaderElected, in: World(isLeader: true)) { observers in
            observers.on(.leaderElected) { _, model in
                let leads = try model.isLeader()
                #expect(leads)
            }
        }
        #expect(output.count(.isLeader) == 0)
    }

    @Test func `a custom event runs its observers before emit returns`() throws {
        var order: [String] = []
        _ = try run(.start) { observers in
            observers.on(.start) { event, _ in
                order.append("before")
                try event.emit(CustomEvent(name: "ready", data: ["a": "1"]))
                order.append("after")
            }
            observers.on(.custom("ready")) { event, _ in order.append("ready \(event.custom?.data["a"] ?? "")") }
            observers.on(.custom("other")) { _, _ in order.append("other") }
        }
        #expect(order == ["before", "ready 1", "after"])
    }

    @Test func `a charm that cannot be made fails the hook`() throws {
        let output = try CharmTest { _ in throw HandlerFailure() }.run(.start, in: World())
        #expect(output.error is HandlerFailure)
    }

    @Test func `an impossible world is refused with the reason`() throws {
        var world = World()
        let relation = RelationState("database", id: 1, remoteApplication: "postgresql")
        #expect(throws: ImpossibleWorld.self) { try run(.relationChanged(relation.event()), in: world) { _ in } }
        #expect(throws: ImpossibleWorld.self) { try run(.pebbleReady(container: "web"), in: world) { _ in } }
        #expect(throws: ImpossibleWorld.self) { try run(.leaderElected, in: world) { _ in } }
        world.relations = [relation, RelationState("other", id: 1, remoteApplication: "x")]
        #expect(throws: ImpossibleWorld.self) { try run(.start, in: world) { _ in } }
    }
}
