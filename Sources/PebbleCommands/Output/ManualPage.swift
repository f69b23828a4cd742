// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// The manual page of the whole command, as `man` reads it.
enum ManualPage {
    static func text() -> String {
        var lines = [
            ".TH pebble 8 \"\" \"\" \"System Manager's Manual\"",
            ".SH NAME", "pebble \\- run and manage services",
            ".SH SYNOPSIS", ".B pebble", "<command> [<options>...]",
            ".SH DESCRIPTION", escaped(HelpText.about),
            ".SH OPTIONS", ".TP", "\\fB\\-h, \\-\\-help\\fP", "Show help information.",
            ".SH COMMANDS",
        ]
        for command in CommandSyntax.all {
            lines += [".SS \(escaped(command.name))", escaped(command.summary), ".nf"]
            let help = HelpText.text(of: command)
            lines += help.split(separator: "\n", omittingEmptySubsequences: false).map { escaped(String($0)) }
            lines.append(".fi")
        }
        lines += [".SH ENVIRONMENT"]
        for (name, meaning) in environment { lines += [".TP", "\\fB\(name)\\fP", escaped(meaning)] }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let environment = [
        ("PEBBLE", "The daemon's directory; /var/lib/pebble/default if not set."),
        ("PEBBLE_SOCKET", "The socket; .pebble.socket in the daemon's directory if not set."),
        ("PEBBLE_COPY_ONCE", "A directory whose content is copied into the daemon's when that is empty."),
        ("PEBBLE_PERSIST", "With \"never\", state is kept in memory only."),
        ("PEBBLE_VERBOSE", "With \"1\", as run --verbose."),
        ("PEBBLE_DEBUG", "With \"1\", the daemon's log says more."),
        ("XDG_CONFIG_HOME", "Where the command remembers which notices it has shown; ~/.config if not set."),
    ]

    /// Text that troff takes as it is: no commands at the beginning of lines, no escapes, hyphens that can be copied.
    private static func escaped(_ text: String) -> String {
        var result = text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" : ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            default: result.append(character)
            }
        }
        return result
    }
}
