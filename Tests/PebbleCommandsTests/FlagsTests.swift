// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import PebbleCommands

/// The flags the original's documentation (1.32.1) shows for each command.
@Suite struct FlagsTests {
    private static let flags: [(command: String, flags: String)] = [
        ("run", "--args --create-dirs --hold --http --https --identities --verbose -v"),
        ("enter", "--args --create-dirs --hold --http --https --identities --run --verbose -v"),
        ("autostart", "--no-wait"),
        ("help", "--all"),
        ("version", "--client --format"),
        ("add", "--combine --inner"),
        ("plan", ""),
        ("replan", "--no-wait"),
        ("services", "--abs-time --format"),
        ("logs", "--follow --format -f -n"),
        ("start", "--no-wait"),
        ("restart", "--no-wait"),
        ("signal", ""),
        ("stop", "--no-wait"),
        ("checks", "--format --level"),
        ("check", "--format --refresh"),
        ("start-checks", ""),
        ("stop-checks", ""),
        ("health", "--format --level"),
        ("push", "--gid --group --uid --user -m -p"),
        ("pull", ""),
        ("ls", "--abs-time --format -d -l"),
        ("mkdir", "--gid --group --uid --user -m -p"),
        ("rm", "-r"),
        ("exec", "--context --env --gid --group --timeout --uid --user -I -T -i -t -w"),
        ("changes", "--abs-time --format"),
        ("tasks", "--abs-time --format --last"),
        ("warnings", "--abs-time --all --format --unicode --verbose"),
        ("okay", "--warnings"),
        ("notices", "--abs-time --format --key --timeout --type --uid --users"),
        ("notice", "--format --uid"),
        ("notify", "--repeat-after"),
        ("identities", "--format"),
        ("identity", "--format"),
        ("add-identities", "--from"),
        ("update-identities", "--from --replace"),
        ("remove-identities", "--from"),
    ]

    @Test func `every command has every flag the original's documentation names`() async {
        #expect(Set(Self.flags.map(\.command)) == Set(CommandSyntax.all.map(\.name)))
        for (command, flags) in Self.flags {
            let capture = Capture()
            #expect(await CommandLineTool.run(["help", command], environment: [:], output: capture.output) == 0)
            let words = Set(capture.text.split { !($0.isLetter || $0 == "-") }.map(String.init))
            for flag in flags.split(separator: " ").map(String.init) {
                #expect(words.contains(flag), "\(command) has no \(flag)")
            }
        }
    }

    @Test func `the manual page is one, and tells of every command`() async {
        let capture = Capture()
        #expect(await CommandLineTool.run(["help", "--man"], environment: [:], output: capture.output) == 0)
        #expect(capture.text.hasPrefix(".TH pebble 8 "))
        for name in CommandSyntax.all.map(\.name) {
            #expect(capture.text.contains(".SS \(name.replacing("-", with: "\\-"))\n"))
        }
        // Nothing of the help is taken for a command of the page.
        let commands = capture.text.split(separator: "\n").filter { $0.hasPrefix(".") }.map { $0.prefix(3) }
        #expect(Set(commands).isSubset(of: [".TH", ".SH", ".SS", ".TP", ".nf", ".fi", ".B "]))
    }
}
