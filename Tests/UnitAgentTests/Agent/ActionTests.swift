// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import UnitAgent

@Suite struct ActionTests {
    @Test func `an action gets its parameters with defaults, logs, and returns results`() async throws {
        let script = """
            action-log "greeting $(action-get whom)"
            action-set count=$(action-get times) nested.deep="$(action-get --format=json)"
            echo out; echo err >&2
            """
        let unit = try TestUnit(hooks: ["actions/greet": script])
        try await unit.run { _ in
            let (result, lines) = try await unit.run(action: "greet", parameters: ["whom": "world"])
            #expect(result.status == "completed")
            #expect(lines == ["greeting world"])
            #expect(
                result.results == [
                    "count": "1", "nested.deep": #"{"times":1,"whom":"world"}"#, "return-code": "0", "stdout": "out\n",
                    "stderr": "err\n",
                ]
            )
        }
    }

    @Test func `a failing action keeps its results and drops its writes`() async throws {
        let script = "relation-set -r $(relation-ids friends) a=1; action-set got=this; exit 4"
        let unit = try TestUnit(hooks: ["actions/slow": script])
        try await unit.run { client in
            let result = try await unit.run(action: "slow").result
            #expect(result.status == "failed")
            #expect(result.message == "exit status 4")
            #expect(result.results == ["got": "this", "return-code": "4"])
            #expect(try client.relations().first?.databags["tiny/0"]?["a"] == nil)
            #expect(try client.status().failedHook == nil)
        }
    }

    @Test func `action-fail fails the action but commits its writes`() async throws {
        let script = "relation-set -r $(relation-ids friends) a=1; action-fail 'not today'"
        let unit = try TestUnit(hooks: ["actions/slow": script])
        try await unit.run { client in
            let result = try await unit.run(action: "slow").result
            #expect(result.status == "failed")
            #expect(result.message == "not today")
            #expect(try client.relations().first?.databags["tiny/0"]?["a"] == "1")
        }
    }

    @Test func `a running action can be cancelled, a pending one never starts`() async throws {
        let unit = try TestUnit(hooks: ["actions/slow": "touch $TEST_DIR/begun; exec sleep 600"])
        try await unit.run { client in
            let running = try client.enqueue(action: "slow")
            let pending = try client.enqueue(action: "slow")
            try await eventually("it runs") { unit.events.contains("slow") }
            try client.cancelAction(pending.id)
            try client.cancelAction(running.id)
            try await eventually("it is aborted") { try client.action(running.id).status == "aborted" }
            try await unit.settle()
            #expect(try client.action(pending.id).status == "aborted")
            #expect(unit.events.filter { $0 == "slow" }.count == 1)
        }
    }

    @Test func `actions run one at a time, in the order they were asked for`() async throws {
        let script = "w=$(action-get whom); echo begin $w >> $TEST_DIR/order; sleep 0.1; echo end $w >> $TEST_DIR/order"
        let unit = try TestUnit(hooks: ["actions/greet": script])
        try await unit.run { client in
            let names = ["ada", "bob", "eve"]
            let tasks = try names.map { try client.enqueue(action: "greet", parameters: ["whom": $0]) }
            #expect(tasks.map(\.status) == ["pending", "pending", "pending"])
            try await eventually("all have ended") { try tasks.allSatisfy { try client.action($0.id).isFinished } }
            let expected = names.map { "begin \($0)\nend \($0)\n" }.joined()
            #expect(unit.directory.read("order") == expected)
        }
    }

    @Test(arguments: [
        ("dance", [:], "not-found"), ("greet", [:], "invalid"), ("greet", ["whom": "a", "times": "often"], "invalid"),
    ])
    func `an action that cannot be run is refused`(
        name: String,
        parameters: [String: String],
        code: String
    ) async throws {
        let unit = try TestUnit()
        try await unit.run { client in
            let failure = #expect(throws: ControlFailure.self) {
                try client.enqueue(action: name, parameters: parameters)
            }
            #expect(failure?.code.rawValue == code)
        }
    }
}
