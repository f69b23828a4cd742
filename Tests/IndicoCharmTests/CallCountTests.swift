// SPDX-License-Identifier: Apache-2.0
import CharmKit
import CharmTesting
import Testing

@testable import IndicoCharm

/// How many hook tools an event that changes nothing costs; counts do not depend on the machine, so they are held.
@Suite struct CallCountTests {
    /// Calls of the charm we replace on the same events, recorded (`bench/charm.py` has all of them).
    private static let existing: [(event: HookEvent, unrelated: Int, related: Int)] = [
        (.configChanged, 45, 65), (.updateStatus, 39, 51), (.leaderElected, 44, 56),
    ]

    private func calls(_ event: HookEvent, in world: IndicoWorld) throws -> [ToolName] {
        var world = world
        world.world.remembersRelations = true
        // The first time something may be written; what is counted is the event that changes nothing.
        try world.run(event)
        let output = try world.run(event)
        #expect(output.error == nil)
        return output.toolCalls.map(\.tool)
    }

    @Test(arguments: [HookEvent.configChanged, .updateStatus, .leaderElected])
    func `without relations an event costs at most a quarter of what it cost`(event: HookEvent) throws {
        var world = try IndicoWorld()
        world.world.relations = []
        for name in world.world.containers.keys { world.world.containers[name]?.canConnect = false }
        let tools = try calls(event, in: world)
        let existing = try #require(Self.existing.first { $0.event == event })
        #expect(tools.count * 4 <= existing.unrelated, "\(tools)")
    }

    @Test(arguments: [HookEvent.configChanged, .updateStatus, .leaderElected])
    func `a serving site's event costs at most a quarter, and writes nothing but its status`(event: HookEvent) throws {
        let tools = try calls(event, in: try IndicoWorld.serving())
        let writing = tools.filter { !$0.onlyReads && $0 != .secretGet }
        #expect(writing == [.statusSet])
        let existing = try #require(Self.existing.first { $0.event == event })
        // A new leader reads what the one before it may have written; that happens once.
        #expect(tools.count * (event == .leaderElected ? 3 : 4) <= existing.related, "\(tools.count): \(tools)")
    }
}
