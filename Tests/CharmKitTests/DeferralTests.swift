// SPDX-License-Identifier: Apache-2.0

import CharmKit
import CharmTesting
import Testing

@Suite struct DeferralTests {
    /// Runs events one after the other and says which handlers ran, replays marked by an asterisk.
    private func story(_ events: [HookEvent], until ready: Int) throws -> ([[String]], [Output]) {
        var world = World()
        var ran: [[String]] = []
        var outputs: [Output] = []
        for (index, event) in events.enumerated() {
            var names: [String] = []
            let test = CharmTest { _ in
                TestCharm { observers in
                    observers.on(.anyHook) { event, _ in names.append("plain \(event.name)") }
                    observers.on(.configChanged, deferrableAs: "patient") { event, _ in
                        names.append("patient \(event.name)\(event.isReplay ? "*" : "")")
                        if index < ready { try event.defer() }
                    }
                }
            }
            let output = try test.run(event, in: world)
            #expect(output.error == nil)
            world = output.world
            ran.append(names)
            outputs.append(output)
        }
        return (ran, outputs)
    }

    @Test func `a deferred handler runs again before the next event, and no other does`() throws {
        let (ran, outputs) = try story([.configChanged, .updateStatus, .start], until: 1)
        #expect(ran[0] == ["plain config-changed", "patient config-changed"])
        #expect(ran[1] == ["patient config-changed*", "plain update-status"])
        #expect(ran[2] == ["plain start"])
        #expect(outputs[2].world.storedState.isEmpty)
    }

    @Test func `the same event deferred twice waits once`() throws {
        let (ran, _) = try story([.configChanged, .configChanged, .configChanged, .start], until: 2)
        #expect(ran[1] == ["patient config-changed*", "plain config-changed"])
        #expect(ran[2] == ["patient config-changed*", "plain config-changed", "patient config-changed"])
        #expect(ran[3] == ["plain start"])
    }

    @Test func `deferring costs one state-get, and one state-set when the queue changes`() throws {
        let (_, outputs) = try story([.configChanged, .updateStatus, .start, .start], until: 1)
        #expect(outputs.map { $0.count(.stateGet) } == [1, 1, 1, 1])
        #expect(outputs.map { $0.count(.stateSet) } == [1, 1, 0, 0])
        #expect(outputs.allSatisfy { $0.count(.stateDelete) == 0 })
    }

    @Test func `a deferred relation event keeps its relation, remote unit and all`() throws {
        var world = World()
        world.relations = [RelationState("database", id: 4, remoteApplication: "postgresql")]
        let changed = HookEvent.relationChanged(world.relations[0].event(unit: 0))
        var seen: [HookEvent?] = []
        var active: [Bool?] = []
        let test = CharmTest { _ in
            TestCharm { observers in
                observers.on(.relationChanged("database"), deferrableAs: "database") { event, _ in
                    seen.append(event.hook)
                    active.append(event.relation?.isActive)
                    if seen.count == 1 { try event.defer() }
                }
            }
        }
        world = try test.run(changed, in: world).world
        _ = try test.run(.relationBroken(world.relations[0].event()), in: world)
        #expect(seen == [changed, changed])
        #expect(active == [true, false])
    }

    @Test func `events whose moment cannot come again are not deferred`() throws {
        var world = World()
        world.secrets = [SecretState(id: "secret:abc", owner: .unit, revisions: [["key": "v"]])]
        (world.secrets[0].rotation, world.secrets[0].expiry) = (.daily, "2030-01-01T00:00:00Z")
        let events: [HookEvent] = [
            .stop, .remove, .action(ActionEvent(name: "go", id: "1")),
            .secretRotate(SecretEvent(id: "secret:abc")), .secretExpired(SecretEvent(id: "secret:abc", revision: 1)),
        ]
        for event in events {
            let output = try CharmTest { _ in
                TestCharm { observers in
                    for trigger in [Trigger.anyHook, .action("go")] {
                        observers.on(trigger, deferrableAs: "impatient") { event, _ in
                            #expect(throws: EventError.notDeferrable(event: event.name)) { try event.defer() }
                        }
                    }
                }
            }.run(event, in: world)
            #expect(output.error == nil)
        }
    }

    @Test func `an observer without a name cannot defer`() throws {
        let output = try CharmTest { _ in
            TestCharm { $0.on(.start) { event, _ in try event.defer() } }
        }.run(.start, in: World())
        #expect(output.error as? EventError == .deferralNeedsName(event: "start"))
        #expect(output.count(.stateGet) == 0)
    }

    @Test func `what a failing hook deferred is lost with it, what was deferred before stays`() throws {
        var world = World()
        let patient: (@escaping (Event) throws -> Void) -> CharmTest = { body in
            CharmTest { _ in TestCharm { $0.on(.anyHook, deferrableAs: "p") { event, _ in try body(event) } } }
        }
        world = try patient { try $0.defer() }.run(.start, in: world).world
        let queue = world.storedState
        #expect(!queue.isEmpty)
        let output = try patient { _ in throw HandlerFailure() }.run(.updateStatus, in: world)
        #expect(output.error is HandlerFailure)
        #expect(output.world.storedState == queue)
    }

    @Test func `an event deferred for an observer that is gone is dropped`() throws {
        var world = World()
        let old = CharmTest { _ in TestCharm { $0.on(.start, deferrableAs: "old") { event, _ in try event.defer() } } }
        world = try old.run(.start, in: world).world
        let new = CharmTest { _ in TestCharm { $0.on(.stop, deferrableAs: "new") { _, _ in } } }
        let output = try new.run(.updateStatus, in: world)
        #expect(output.error == nil)
        #expect(output.world.storedState.isEmpty)
    }

    @Test func `a custom event is deferred with its data`() throws {
        var replayed: [String: String]?
        let test = CharmTest { _ in
            TestCharm { observers in
                observers.on(.start) { event, _ in try event.emit(CustomEvent(name: "ready", data: ["a": "b"])) }
                observers.on(.custom("ready"), deferrableAs: "ready") { event, _ in
                    if event.isReplay { replayed = event.custom?.data } else { try event.defer() }
                }
            }
        }
        let world = try test.run(.start, in: World()).world
        _ = try test.run(.updateStatus, in: world)
        #expect(replayed == ["a": "b"])
    }

    @Test func `a world can state what was deferred, and says what still is`() throws {
        var world = World()
        world.deferred = [.init(.configChanged, for: "p"), .init(CustomEvent(name: "ready"), for: "p")]
        var seen: [String] = []
        let test = CharmTest { _ in
            TestCharm { observers in
                for trigger in [Trigger.configChanged, .custom("ready")] {
                    observers.on(trigger, deferrableAs: "p") { event, _ in
                        seen.append("\(event.name) \(event.isReplay)")
                        if event.name == "ready" { try event.defer() }
                    }
                }
            }
        }
        let output = try test.run(.start, in: world)
        #expect(seen == ["config-changed true", "ready true"])
        #expect(output.world.deferred == [.init(CustomEvent(name: "ready"), for: "p")])
    }
}
