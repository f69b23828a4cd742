// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import OneMachine
import UnitAgent

/// Has the charm run a hook once more.
struct TriggerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trigger",
        abstract: "Has the charm run a hook once more.",
        discussion: """
            What the charm was told by that hook before, it is told again, in its turn and with what is so now. A hook that \
            says something is gone cannot be triggered: remove that instead. Juju has no such command.

            EXAMPLE:
              indico-operator trigger update-status
              indico-operator trigger smtp-relation-changed
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The hook, as in `indico-operator debug-log`.")
    var hook: String

    func run() throws {
        try global.agent().trigger(hook: hook)
    }
}
