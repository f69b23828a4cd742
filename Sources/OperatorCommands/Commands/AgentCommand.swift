// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import OneMachine

/// The unit agent, as the supervisor starts it.
struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "The unit agent; the supervisor starts it.",
        shouldDisplay: false
    )

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await AgentService(state: global.installation(), environment: global.environment).run()
    }
}
