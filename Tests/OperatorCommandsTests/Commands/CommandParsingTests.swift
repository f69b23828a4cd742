// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import OneMachine
import Testing
import UnitAgent

@testable import OperatorCommands

@Suite struct CommandParsingTests {
    private func outcome(_ words: [String]) -> Outcome? {
        do {
            _ = try IndicoOperator.parseAsRoot(words)
            return nil
        } catch {
            return Outcome.of(error).0
        }
    }

    @Test(arguments: [
        ["up"], ["up", "--redis-cache", "redis://h"], ["down"], ["status", "--watch"], ["status", "--format", "yaml"],
        ["config"],
        ["config", "a"], ["config", "a=1", "b=2"], ["config", "--reset", "a"], ["config", "a=1", "--reset", "b", "c"],
        ["integrate", "smtp", "--host", "h", "--port", "25"], ["remove-relation", "smtp"],
        ["run", "add-admin", "email=a@b.c"], ["run", "create-backup", "--background"], ["show-task", "7"],
        ["show-task", "7", "--wait", "--format", "json"], ["cancel-task", "7"],
        ["logs", "-f", "indico", "celery"], ["logs", "-n", "5"], ["debug-log", "-f"],
        ["exec", "indico", "--", "sh", "-c", "id"],
        ["enable"], ["disable"], ["destroy", "--yes"], ["agent", "--state-dir", "/x"], ["resolved"], ["version"],
        ["resolved", "--no-retry"], ["debug-hooks"], ["debug-hooks", "--at", "all", "config-changed"],
        ["refresh", "--path", "."], ["refresh", "--path", ".", "--force-units"], ["attach-resource", "logo=./x"],
        ["storage", "--format", "json"], ["add-storage", "cache", "--count", "2"], ["detach-storage", "cache/0"],
    ])
    func `what the help shows is understood`(words: [String]) {
        #expect(outcome(words) == nil)
    }

    @Test(arguments: [
        ["bogus"], ["up", "--database-uri", "a", "--database-uri-file", "b"],
        ["status", "--watch", "--format", "json"],
        ["config", "a", "b"], ["config", "a=1", "b"], ["config", "a=1", "a=2"], ["config", "a=1", "--reset", "a"],
        ["config", "=1"],
        ["integrate", "smtp"], ["integrate", "smtp", "--host", "h", "--port", "0"],
        ["integrate", "smtp", "--host", "h", "--user", "u"],
        ["integrate", "smtp", "--host", "h", "--password-stdin"],
        ["integrate", "smtp", "--host", "h", "--security", "ssl"],
        ["run", "add-admin", "email=a@b.c", "--background"], ["show-task"], ["cancel-task", "seven"],
        ["run"], ["run", "add-admin", "email"], ["run", "add-admin", "password=secret"], ["logs", "-n", "-1"],
        ["exec", "indico"],
        ["exec", "nowhere", "--", "true"], ["remove-relation"], ["refresh"], ["attach-resource", "logo"],
        ["add-storage", "cache", "--count", "0"], ["detach-storage"],
    ])
    func `misuse is told from failure by its exit code`(words: [String]) {
        #expect(outcome(words) == .usedWrongly)
    }

    @Test func `help is no failure`() {
        for words in [["--help"], ["help", "up"], ["up", "--help"]] {
            let error = #expect(throws: (any Error).self) {
                var help = try IndicoOperator.parseAsRoot(words)
                try help.run()
            }
            if let error { #expect(Outcome.of(error).0 == .done) }
        }
    }

    @Test func `every command shows an example in its help`() {
        func check(_ command: any ParsableCommand.Type, _ path: String) {
            let configuration = command.configuration
            if configuration.shouldDisplay { #expect(configuration.discussion.contains("EXAMPLE:"), "\(path)") }
            for child in configuration.subcommands { check(child, "\(path) \(child._commandName)") }
        }
        check(IndicoOperator.self, "indico-operator")
    }

    @Test func `what the agent refuses is misuse, what it fails at is failure`() {
        #expect(Outcome.of(ControlFailure(.notFound, "no option x")).0 == .usedWrongly)
        #expect(Outcome.of(ControlFailure(.conflict, "not now")).0 == .failed)
        let (outcome, text) = Outcome.of(ControlFailure(.unreachable, "nobody listens"))
        #expect(outcome == .failed)
        #expect(text.contains("'indico-operator up' brings it up."))
    }
}
