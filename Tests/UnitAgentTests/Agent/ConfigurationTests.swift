// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import UnitAgent

/// What a dispatch sees of a configuration that changes under it, and what it is told afterwards.
@Suite struct ConfigurationTests {
    /// Reads an option when the test says so, then waits until it may end.
    static let reads = """
        echo 1 > $TEST_DIR/begun
        until [ -e $TEST_DIR/read ]; do sleep 0.02; done
        config-get greeting >> $TEST_DIR/greetings
        echo 1 > $TEST_DIR/has-read
        until [ -e $TEST_DIR/end ]; do sleep 0.02; done
        config-get greeting >> $TEST_DIR/greetings
        """

    /// Has the dispatch read "bad", which is there for a moment only.
    private func mislead(_ unit: TestUnit, _ client: AgentControlClient) async throws {
        try await eventually("it runs") { !unit.directory.read("begun").isEmpty }
        try client.setConfig(["greeting": "bad"])
        try unit.directory.write("", to: "read")
        try await eventually("it has read") { !unit.directory.read("has-read").isEmpty }
        try client.resetConfig(["greeting"])
        try unit.directory.write("", to: "end")
    }

    @Test func `a hook that saw what is taken back meanwhile is followed by config-changed`() async throws {
        let unit = try TestUnit(hooks: ["hooks/db-relation-created": Self.reads])
        try await unit.run { client in
            try await unit.expectLast(["start"])
            try await unit.settle()
            try client.integrate(endpoint: "db", with: RemoteApplication(name: "postgres"))
            try await mislead(unit, client)
            try await unit.expectLast([
                "db-relation-created postgres", "config-changed", "db-relation-joined postgres postgres/0",
                "db-relation-changed postgres postgres/0",
            ])
            try await unit.settle()
        }
        // Within one dispatch the configuration stays what it was at the first look.
        #expect(unit.directory.read("greetings") == "bad\nbad\n")
        #expect(unit.events.filter { $0 == "config-changed" }.count == 2)
    }

    @Test func `an action that saw what is taken back meanwhile is followed by config-changed`() async throws {
        let unit = try TestUnit(hooks: ["actions/slow": Self.reads])
        try await unit.run { client in
            try await unit.expectLast(["start"])
            try await unit.settle()
            _ = try client.enqueue(action: "slow")
            try await mislead(unit, client)
            try await unit.expectLast(["slow", "config-changed"])
        }
    }

    @Test func `config-changed that saw a later configuration than it was for is told no more than that`() async throws
    {
        let unit = try TestUnit()
        try await unit.run { client in
            try await unit.expectLast(["start"])
            try await unit.settle()
            try unit.hook("hooks/config-changed", Self.reads)
            try client.setConfig(["greeting": "good day"])
            try await eventually("it runs") { !unit.directory.read("begun").isEmpty }
            try client.setConfig(["greeting": "good night"])
            try unit.directory.write("", to: "read")
            try unit.directory.write("", to: "end")
            try await eventually("it has ended") { unit.directory.read("greetings") == "good night\ngood night\n" }
            try await unit.settle()
        }
        #expect(unit.events.suffix(2) == ["start", "config-changed"])
    }
}
