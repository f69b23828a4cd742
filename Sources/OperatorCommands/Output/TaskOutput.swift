// SPDX-License-Identifier: Apache-2.0
import OneMachine
import UnitAgent

/// Shows what became of an action.
struct TaskOutput {
    var format: OutputFormat
    /// Whether what the action logged so far is shown; not where it was shown as it came.
    var withLog = false

    /// Shows a task.
    ///
    /// - Parameter task: The task.
    /// - Throws: `QuietFailure` when it failed or was cancelled.
    func show(_ task: ActionResult) throws {
        let output = FileDescriptorOutput.standardOutput
        switch format {
        case .json: output.write(try StructuredOutput.json(task))
        case .yaml: output.write(try StructuredOutput.yaml(task))
        case .tabular: output.write(text(task))
        }
        guard task.isFinished, task.status != "completed" else { return }
        FileDescriptorOutput.standardError.write("error: \(task.name) \(task.status): \(task.message)\n")
        throw QuietFailure(outcome: .failed)
    }

    /// The lines for people.
    func text(_ task: ActionResult) -> String {
        var lines = withLog ? task.log : []
        if !task.isFinished {
            lines.append("task \(task.id) is \(task.status): \(task.name)")
            if !withLog { lines.append("see it by 'indico-operator show-task \(task.id)'") }
        }
        for (key, value) in task.results.sorted(by: { $0.key < $1.key }) where key != "return-code" {
            lines.append("\(key): \(value)")
        }
        return lines.map { $0 + "\n" }.joined()
    }
}
