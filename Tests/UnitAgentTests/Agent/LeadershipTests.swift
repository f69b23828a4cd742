// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import Testing

@testable import UnitAgent

@Suite struct LeadershipTests {
    private static let leading = """
        relation-set -r $(relation-ids friends) --app chosen=$JUJU_UNIT_NAME secret-id=$(secret-add key=sesame)
        relation-set -r $(relation-ids db) --app asked=yes
        status-set --application active "led by $JUJU_UNIT_NAME"
        """
    private static let seeing = """
        echo "$JUJU_HOOK_NAME $(is-leader) $(relation-get -r $(relation-ids friends) --app - tiny | tr '\\n' ' ')" >> $TEST_DIR/seen
        id=$(relation-get -r $(relation-ids friends) --app secret-id tiny)
        [ -z "$id" ] || secret-get $id >> $TEST_DIR/seen
        """

    /// Two units that were never told of each other.
    private static func pair() throws -> (TestUnit, TestUnit) {
        let hooks = [
            "hooks/leader-elected": leading, "hooks/friends-relation-changed": seeing,
            "hooks/config-changed": "relation-set -r $(relation-ids db) --app mine=all 2>> $TEST_DIR/refused || true",
        ]
        return (try TestUnit(hooks: hooks), try TestUnit(hooks: hooks))
    }

    private static func second(_ configuration: inout AgentConfiguration) {
        configuration.unitNumber = 1
        configuration.startsAsFollower = true
    }

    @Test func `what the leader writes the others see, with its secrets, and cannot write themselves`() async throws {
        let (first, second) = try Self.pair()
        try await first.run { leader in
            try leader.integrate(endpoint: "db", with: RemoteApplication(name: "postgres"))
            try await first.expectLast(["start"])
            try await first.settle()
            try await second.run(changing: Self.second) { follower in
                try follower.follow(leader.applicationState())
                try follower.integrate(endpoint: "db", with: RemoteApplication(name: "postgres"))
                try await eventually("the second has seen it") { second.directory.read("seen").contains("sesame") }
                #expect(second.directory.read("seen").contains("False chosen: tiny/0"))
                #expect(try follower.status().unit.leader == false)
                #expect(try follower.status().application.status.message == "led by tiny/0")
                // The numbers of relations are the same everywhere.
                #expect(try follower.relations().map(\.relation.id) == leader.relations().map(\.relation.id))
                try follower.setConfig(["count": "7"])
                try await eventually("it may not write") {
                    second.directory.read("refused").contains("tiny/1 is not the leader")
                }
                #expect(!second.events.contains("leader-elected"))
                #expect(throws: ControlFailure.self) { try leader.follow(follower.applicationState()) }
            }
        }
    }

    @Test func `the lead passes on with all that was written, and the new leader is told`() async throws {
        let (first, second) = try Self.pair()
        try await first.run { leader in
            try leader.integrate(endpoint: "db", with: RemoteApplication(name: "postgres"))
            try await first.expectLast(["start"])
            try await first.settle()
            try await second.run(changing: Self.second) { follower in
                try follower.follow(leader.applicationState())
                let last = try leader.stepDown()
                #expect(last.relations.first?.databag["chosen"] == "tiny/0")
                try follower.follow(last)
                try follower.lead()
                try await eventually("the second leads") { second.events.contains("leader-elected") }
                try await second.settle()
                let state = try follower.applicationState()
                #expect(state.relations.first?.databag["chosen"] == "tiny/1")
                #expect(state.secrets.count == 2)
                #expect(try #require(state.relations.first).version > #require(last.relations.first).version)
                try leader.follow(state)
                try await eventually("the first is told") { first.directory.read("seen").contains("chosen: tiny/1") }
                // Whoever led once and leads again is told again.
                try leader.follow(follower.stepDown())
                try leader.lead()
                try await eventually("the first leads again") {
                    first.events.filter { $0 == "leader-elected" }.count == 2
                }
            }
        }
    }

    @Test func `a hook that wrote as the leader and is the leader no more commits nothing`() async throws {
        let unit = try TestUnit(hooks: [
            "hooks/config-changed": """
            relation-set -r $(relation-ids friends) --app late=yes
            [ -e $TEST_DIR/go ] || { echo yes > $TEST_DIR/written; while [ ! -e $TEST_DIR/go ]; do sleep 0.05; done; }
            """
        ])
        try await unit.run { client in
            try await eventually("the hook has written") { unit.directory.read("written") == "yes\n" }
            let last = try client.stepDown()
            try unit.directory.write("", to: "go")
            try await eventually("the hook has failed") { unit.log.contains("is not the leader any more") }
            #expect(last.relations.allSatisfy { $0.databag["late"] == nil })
            #expect(try client.applicationState().relations.allSatisfy { $0.databag["late"] == nil })
            try client.lead()
            try await eventually("run again, it is written") {
                try client.applicationState().relations.first?.databag["late"] == "yes"
            }
        }
    }

    @Test func `the lead is taken from a unit whose agent is dead, by its model`() async throws {
        let (unit, _) = try Self.pair()
        let path = unit.configuration.databasePath
        try await unit.run { client in
            try client.integrate(endpoint: "db", with: RemoteApplication(name: "postgres"))
            try await unit.expectLast(["start"])
            try await unit.settle()
            #expect(throws: (any Error).self) {
                try ApplicationState.stepDown(databasePath: path, application: "tiny")
            }
        }
        let state = try ApplicationState.stepDown(databasePath: path, application: "tiny")
        #expect(state.relations.first?.databag["chosen"] == "tiny/0")
        try await unit.run { client in
            let leads = try client.status().unit.leader
            #expect(!leads)
        }
    }
}
