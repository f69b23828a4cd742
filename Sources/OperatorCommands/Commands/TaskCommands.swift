// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import OneMachine
import UnitAgent

/// Shows a task.
struct ShowTaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show-task",
        abstract: "Shows what became of an action.",
        discussion: """
            EXAMPLE:
              indico-operator show-task 7
              indico-operator show-task 7 --wait
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The number 'run --background' printed.")
    var task: Int

    @Flag(help: "Wait until it has ended, and show what it logs meanwhile.")
    var wait = false

    @Option(help: "tabular, json or yaml.")
    var format = OutputFormat.tabular

    func run() throws {
        let agent = try global.agent()
        var result = try agent.action(task)
        var seen = result.log.count
        let isFollowed = wait && !result.isFinished
        if isFollowed { tell(result.log) }
        while isFollowed, !result.isFinished {
            result = try agent.action(task, logFrom: seen, wait: .seconds(20))
            seen += result.log.count
            tell(result.log)
        }
        try TaskOutput(format: format, withLog: !isFollowed).show(result)
    }

    private func tell(_ lines: [String]) {
        for line in lines { FileDescriptorOutput.standardError.write(line + "\n") }
    }
}

/// Cancels a task.
struct CancelTaskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel-task",
        abstract: "Cancels an action: one that waits is not begun, one that runs is killed.",
        discussion: """
            What an action that is killed has asked for is not done; what it did in a container stays.

            EXAMPLE:
              indico-operator cancel-task 7
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The number 'run --background' printed.")
    var task: Int

    func run() throws {
        try global.agent().cancelAction(task)
    }
}
