// SPDX-License-Identifier: Apache-2.0

/// What `pebble help` writes.
enum HelpText {
    private static let width = 79

    private static let groups: [(name: String, about: String, commands: [String])] = [
        ("Run", "the daemon", ["run"]),
        ("Info", "about this program", ["help", "version"]),
        ("Plan", "what shall run, and how", ["add", "plan", "replan"]),
        ("Services", "what runs", ["services", "logs", "start", "restart", "signal", "stop"]),
        ("Checks", "whether it is healthy", ["checks", "check", "start-checks", "stop-checks", "health"]),
        ("Files", "files and commands where the daemon is", ["push", "pull", "ls", "mkdir", "rm", "exec"]),
        ("Changes", "what was done", ["changes", "tasks"]),
        ("Notices", "what happened", ["warnings", "okay", "notices", "notice", "notify"]),
        (
            "Identities", "who may do what",
            ["identities", "identity", "add-identities", "update-identities", "remove-identities"]
        ),
    ]

    static let about = "Pebble controls services and performs management actions on the system that\nruns them."

    private static let beginning = """
        \(about)

        Usage: pebble <command> [<options>...]

        Commands can be classified as follows:


        """

    private static let end = """

        Set PEBBLE to the directory of the daemon (/var/lib/pebble/default if not set),
        or PEBBLE_SOCKET to its socket ($PEBBLE/.pebble.socket if not set).

        For more information about a command, run 'pebble help <command>'.

        """

    /// The commands, by what they are for.
    static var short: String {
        var text = beginning
        for group in groups {
            // Those who want to know about identities want to know how to write them.
            let commands = group.name == "Identities" ? "identities --help" : group.commands.joined(separator: ", ")
            text += String(repeating: " ", count: 12 - group.name.count) + "\(group.name): \(commands)\n"
        }
        return text + end + "For a short summary of all commands, run 'pebble help --all'.\n"
    }

    /// The commands, each with a line.
    static var all: String {
        let lines = groups.map { group in
            let commands = group.commands.compactMap(CommandSyntax.named).map { command in
                "    \(command.name.padded(to: 19))\(command.summary)\n"
            }
            return "  \(group.name) (\(group.about)):\n" + commands.joined()
        }
        return beginning + lines.joined(separator: "\n") + end
    }

    /// One command at length.
    static func text(of command: CommandSyntax) -> String {
        var text = "Usage:\n  pebble \(usage(of: command))\n\n\(lines(command.about))\n"
        let options = command.options.filter(\.isShown)
        guard !options.isEmpty else { return text }
        let hasShort = options.contains { $0.short != nil }
        let rows = options.map { (left: left(of: $0, besidesShort: hasShort), right: $0.help) }
        let column = (rows.map(\.left.count).max() ?? 0) + 3
        text += "\n[\(command.name) command options]\n"
        for row in rows {
            let parts = wrapped(row.right, to: width - column)
            text +=
                row.left.padded(to: column) + parts.joined(separator: "\n" + String(repeating: " ", count: column))
                + "\n"
        }
        return text
    }

    /// The name of a command and what may follow it.
    static func usage(of command: CommandSyntax) -> String {
        let options = command.options.isEmpty ? [] : ["[\(command.name)-OPTIONS]"]
        return ([command.name] + options + command.arguments.map(\.usage)).joined(separator: " ")
    }

    /// An option as it may be written.
    static func left(of option: CommandSyntax.Option, besidesShort: Bool) -> String {
        var text = "      "
        if let short = option.short {
            text += option.long == nil ? "-\(short)" : "-\(short), "
        } else if besidesShort {
            text += "    "
        }
        if let long = option.long { text += "--\(long)" }
        switch option.value {
        case .none: break
        case .choice(let words): text += "=[\(words.joined(separator: "|"))]"
        case .text, .signed, .unsigned, .duration: text += "="
        }
        return text
    }

    /// Text in lines of the usual width; those that are short stay.
    private static func lines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.count <= width ? String($0) : wrapped(String($0), to: width).joined(separator: "\n") }
            .joined(separator: "\n")
    }

    private static func wrapped(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(width - count, 0))
    }
}
