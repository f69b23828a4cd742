// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import UnitAgent

@Suite struct PeerTests {
    private static let told = """
        bag=$(relation-get - $JUJU_REMOTE_UNIT 2>/dev/null | tr '\\n' ' ')
        echo "$JUJU_HOOK_NAME $JUJU_REMOTE_UNIT left:$JUJU_DEPARTING_UNIT [$(relation-list | tr '\\n' ' ')] $bag" >> $TEST_DIR/told
        """

    @Test func `peers join, change and depart as the operator says, and count as planned`() async throws {
        let unit = try TestUnit(hooks: [
            "hooks/friends-relation-joined": Self.told, "hooks/friends-relation-changed": Self.told,
            "hooks/friends-relation-departed": Self.told,
            "hooks/config-changed": "goal-state --format=json > $TEST_DIR/goal",
        ])
        try await unit.run { client in
            try await unit.expectLast(["start"])
            let peers = { (units: [Int: [String: DatabagValue]]) in RemoteApplication(name: "tiny", units: units) }
            try client.integrate(endpoint: "friends", with: peers([1: ["mood": "glad"], 2: [:]]))
            try await unit.expectLast([
                "friends-relation-joined tiny tiny/1", "friends-relation-changed tiny tiny/1",
                "friends-relation-joined tiny tiny/2", "friends-relation-changed tiny tiny/2",
            ])
            try client.integrate(endpoint: "friends", with: peers([1: ["mood": "sad"], 2: [:]]))
            try await unit.expectLast(["friends-relation-changed tiny tiny/1"])
            try client.integrate(endpoint: "friends", with: peers([1: ["mood": "sad"]]))
            try await unit.expectLast(["friends-relation-departed tiny tiny/2"])
            try client.setConfig(["count": "5"])
            try await unit.expectLast(["config-changed"])
            try await unit.settle()
            let goal = unit.directory.read("goal")
            #expect(goal.contains("\"tiny/0\"") && goal.contains("\"tiny/1\"") && !goal.contains("\"tiny/2\""))
            #expect(throws: ControlFailure.self) {
                try client.integrate(endpoint: "friends", with: peers([0: ["mine": "forged"]]))
            }
            #expect(try client.relations().first?.databags["tiny/0"]?["mine"] == nil)
            // A unit that goes leaves its peers, which stay: each departs, and the one that leaves is this one.
            try client.removeUnit()
            try await unit.expectLast(["friends-relation-departed tiny tiny/1", "stop", "remove"])
        }
        let told = unit.directory.read("told").split(separator: "\n").map(String.init)
        #expect(told.contains("friends-relation-changed tiny/1 left: [tiny/1 tiny/2 ] mood: sad "))
        #expect(told.contains { $0.hasPrefix("friends-relation-departed tiny/2 left:tiny/2 [tiny/1 ]") })
        #expect(told.last?.hasPrefix("friends-relation-departed tiny/1 left:tiny/0") == true)
    }
}
