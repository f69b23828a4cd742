// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `pebble help`: what there is, or one command at length.
struct HelpCommand: SessionCommand {
    static let configuration = CommandConfiguration(commandName: "help", abstract: "Show help about a command")

    @Flag var all = false

    @Flag var man = false

    @Argument var commands: [String] = []

    func run(in session: Session) throws {
        if man {
            session.output.text(ManualPage.text())
            return
        }
        guard let name = commands.first else {
            session.output.text(all ? HelpText.all : HelpText.short)
            return
        }
        if all { throw CommandFailure("help accepts a command, or '--all', but not both") }
        let command = try CommandSyntax.known(name)
        if commands.count > 1 {
            // No command has commands of its own.
            throw CommandFailure("unknown command \"\(commands[1])\", see 'pebble help \(name)'")
        }
        session.output.text(HelpText.text(of: command))
    }
}
