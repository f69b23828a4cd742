// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `pebble help`: what there is, or one command at length.
struct HelpCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "help", abstract: "Show help about a command")

    @Flag(help: "Show all commands, each with a line about it.")
    var all = false

    @Flag(help: "Write the manual page.")
    var man = false

    @Argument(help: "The command to tell about.")
    var command: String?

    private static let groups: [(String, [String])] = [
        ("Run", ["run", "enter"]),
        ("Info", ["help", "version"]),
        ("Plan", ["add", "plan", "replan"]),
        ("Services", ["services", "logs", "start", "restart", "signal", "stop"]),
        ("Checks", ["checks", "check", "start-checks", "stop-checks", "health"]),
        ("Files", ["push", "pull", "ls", "mkdir", "rm", "exec"]),
        ("Changes", ["changes", "tasks"]),
        ("Notices", ["warnings", "okay", "notices", "notice", "notify"]),
        ("Identities", ["identities", "identity", "add-identities", "update-identities", "remove-identities"]),
    ]

    func run(in session: Session) throws {
        if let command {
            guard let type = PebbleCommand.configuration.subcommands.first(where: { $0._commandName == command }) else {
                throw CommandFailure("unknown command \"\(command)\", see 'pebble help'")
            }
            session.output.line(PebbleCommand.helpMessage(for: type))
        } else if man {
            session.output.text(ManualPage.text())
        } else if all {
            session.output.line(PebbleCommand.helpMessage())
        } else {
            session.output.text(Self.short)
        }
    }

    private static var short: String {
        let width = (groups.map(\.0.count).max() ?? 0) + 1
        var text = PebbleCommand.configuration.abstract + "\n\nUsage: pebble <command> [<options>...]\n\n"
        text += "Commands can be classified as follows:\n\n"
        for (name, commands) in groups {
            text += String(repeating: " ", count: width - name.count) + "\(name): \(commands.joined(separator: ", "))\n"
        }
        text += "\nSet the PEBBLE environment variable to override the configuration directory (which defaults to"
        text += " /var/lib/pebble/default). Set PEBBLE_SOCKET to override the unix socket used for the API"
        text += " (defaults to $PEBBLE/.pebble.socket).\n"
        return text + "\nFor more information about a command, run 'pebble help <command>'.\n"
    }
}
