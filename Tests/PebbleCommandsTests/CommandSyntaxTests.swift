// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Testing

@testable import PebbleCommands

/// Words of a command line; what the original says of them is in `contracts/pebble/cli.json`.
@Suite struct CommandSyntaxTests {
    @Test(arguments: [
        (["-f", "-n", "5", "web"], ["--follow", "-n=5", "--", "web"]),
        (["-fn", "5"], ["--follow", "-n=5"]),
        (["-n5"], ["-n=5"]),
        (["-n=5", "--format=json"], ["-n=5", "--format=json"]),
        (["web", "--follow"], ["--follow", "--", "web"]),
        (["--", "--follow"], ["--", "--follow"]),
        (["-"], ["--", "-"]),
        (["-n", ""], []),
    ])
    func `options are found wherever they stand`(words: [String], plain: [String]) throws {
        let found = try CommandSyntax.known("logs").read(words)
        #expect(found.plain == plain)
    }

    @Test func `what follows the command of exec is the command's`() throws {
        let found = try CommandSyntax.known("exec").read(["-w", "/", "ls", "-l", "--help", "--", "x"])
        #expect(found.plain == ["-w=/", "--", "ls", "-l", "--help", "--", "x"])
        let plea = try CommandSyntax.known("exec").read(["-w", "/", "--help", "ls"]).plea
        #expect(plea == .help)
    }

    @Test func `a negative number is a value where there can be any`() throws {
        let found = try CommandSyntax.known("notify").read(["--repeat-after", "-1s", "example.com/a"])
        #expect(found.plain == ["--repeat-after=-1s", "--", "example.com/a"])
        #expect(throws: CommandFailure("expected argument for flag `-n', but got option `-1'")) {
            try CommandSyntax.known("logs").read(["-n", "-1"])
        }
    }

    @Test func `the parser behind understands every option and argument there is`() throws {
        for command in CommandSyntax.all {
            var words: [String] = []
            for option in command.options where option.long != "args" {
                words.append(option.name)
                switch option.value {
                case .none: break
                case .text: words.append("text")
                case .signed, .unsigned: words.append("7")
                case .duration: words.append("7s")
                case .choice(let choices): words.append(choices[0])
                }
            }
            // Of these the command itself wants no more than one.
            words += command.arguments.map { _ in "1" }
            let plain = try command.read(words).plain
            #expect(throws: Never.self, "\(command.name) \(plain)") {
                try PebbleCommand.parseAsRoot([command.name] + plain)
            }
        }
    }
}
