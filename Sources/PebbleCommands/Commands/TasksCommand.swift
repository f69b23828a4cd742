// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PebbleAPI
import PebbleClient

/// `pebble tasks`: what a change consists of.
struct TasksCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "tasks", abstract: "List a change's tasks")

    @OptionGroup var time: TimeOptions

    @Option
    var last: String?

    @Option
    var format = OutputFormat.text

    @Argument
    var id: String?

    func run(in session: Session) throws {
        guard let change = try find(session) else { return }
        if format != .text {
            session.output.text(try StructuredText.of(change, format))
            return
        }
        var table = Table(["Status", "Spawn", "Ready", "Summary"])
        for task in change.tasks {
            var summary = task.summary
            if task.status == .doing, task.progress.total > 1 {
                let percent = Double(task.progress.done) / Double(task.progress.total) * 100
                summary += " (\(Int(percent))%)"
            }
            table.add([
                task.status.rawValue, time.human.text(task.spawnTime), time.human.text(task.readyTime), summary,
            ])
        }
        var text = table.text
        for task in change.tasks where !task.log.isEmpty {
            text += "\n" + String(repeating: ".", count: 70) + "\n\(task.summary)\n\n"
            text += task.log.map { $0 + "\n" }.joined()
        }
        session.output.text(text + "\n")
    }

    private func find(_ session: Session) throws -> ChangeInfo? {
        switch (id, last) {
        case (.some, .some): throw CommandFailure("cannot use change ID and type together")
        case (let id?, nil): return try session.client.change(id)
        case (nil, nil): throw CommandFailure("please provide change ID or type with --last=<type>")
        case (nil, let last?):
            let isOptional = last.hasSuffix("?")
            let kind = isOptional ? String(last.dropLast()) : last
            let found = try session.client.changes(.all).filter { $0.kind == kind }.max { $0.spawnTime < $1.spawnTime }
            if found == nil && !isOptional { throw CommandFailure("no changes of type \"\(kind)\" found") }
            return found
        }
    }
}
