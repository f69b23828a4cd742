// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import Testing

@testable import UnitAgent

@Suite struct RebootTests {
    /// Runs the unit with a machine that notes its reboots in a file.
    private func run(_ unit: TestUnit, _ body: () async throws -> Void) async throws {
        let file = "\(unit.directory.path)/reboots"
        try await unit.run(changing: { $0.rebootCommand = ["sh", "-c", "echo again >> \(file)"] }) { _ in
            try await body()
        }
    }

    @Test func `a reboot after the hook comes once the hook is committed, and the agent ends`() async throws {
        let script = """
            [ -e $TEST_DIR/asked ] && exit 0
            touch $TEST_DIR/asked
            relation-set -r $(relation-ids friends) a=1
            juju-reboot
            """
        let unit = try TestUnit(hooks: ["hooks/start": script])
        try await run(unit) {
            try await eventually("the machine is rebooted") { unit.directory.read("reboots") == "again\n" }
            try await eventually("the agent has ended") { !unit.client.isReachable }
        }
        let before = unit.events
        try await run(unit) {
            try await unit.settle()
            #expect(try unit.client.relations().first?.databags["tiny/0"]?["a"] == "1")
        }
        #expect(unit.directory.read("reboots") == "again\n")
        #expect(!unit.events.dropFirst(before.count).contains("start"))
    }

    @Test func `a reboot at once kills the hook, commits nothing and has it run again`() async throws {
        let script = """
            [ -e $TEST_DIR/asked ] && exit 0
            touch $TEST_DIR/asked
            relation-set -r $(relation-ids friends) a=1
            juju-reboot --now
            exec sleep 600
            """
        let unit = try TestUnit(hooks: ["hooks/config-changed": script])
        try await run(unit) {
            try await eventually("the agent has ended") {
                unit.directory.read("reboots") == "again\n" && !unit.client.isReachable
            }
        }
        #expect(unit.events.last == "config-changed")
        let before = unit.events.count
        try await run(unit) {
            try await unit.settle()
            #expect(try unit.client.relations().first?.databags["tiny/0"]?["a"] == nil)
        }
        #expect(unit.events.dropFirst(before).first == "config-changed")
    }

    @Test func `a machine that cannot be rebooted is told in the log, and the unit goes on`() async throws {
        let unit = try TestUnit(hooks: ["hooks/start": "juju-reboot"])
        try await unit.run(changing: { $0.rebootCommand = ["sh", "-c", "exit 3"] }) { client in
            try await eventually("it is told") { unit.log.contains("cannot reboot the machine") }
            try await unit.settle()
            #expect(try client.status().failedHook == nil)
        }
    }

    @Test func `a cloud's credential is for who is trusted with it`() async throws {
        let script = "action-set cloud=$(credential-get --format=json)"
        let unit = try TestUnit(hooks: ["actions/slow": script])
        try await unit.run(changing: { $0.cloud = .object(["type": "lxd", "name": "here"]) }) { _ in
            let result = try await unit.run(action: "slow").result
            #expect(result.results["cloud"] == #"{"name":"here","type":"lxd"}"#)
        }
    }
}
