// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import OperatorCommands
@testable import UnitAgent

@Suite struct TaskOutputTests {
    private func task(_ status: String, results: [String: String] = [:], log: [String] = []) -> ActionResult {
        var task = ActionResult(id: 7, name: "create-backup", status: status, message: "", results: [:], log: log)
        task.results = results
        return task
    }

    @Test func `a task that has not ended says its number and how to look again`() {
        let text = TaskOutput(format: .tabular).text(task("pending"))
        #expect(text == "task 7 is pending: create-backup\nsee it by 'indico-operator show-task 7'\n")
        let shown = TaskOutput(format: .tabular, withLog: true).text(task("running", log: ["dumping"]))
        #expect(shown == "dumping\ntask 7 is running: create-backup\n")
    }

    @Test func `a task that has ended shows its results`() {
        let ended = task("completed", results: ["return-code": "0", "b": "2", "a": "1"], log: ["x"])
        #expect(TaskOutput(format: .tabular).text(ended) == "a: 1\nb: 2\n")
    }
}
