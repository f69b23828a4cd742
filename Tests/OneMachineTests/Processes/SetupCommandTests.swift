// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import OneMachine
import Testing

@Suite struct SetupCommandTests {
    @Test func `both streams come line by line, and standard output whole`() throws {
        var lines: Set<String> = []
        let outcome = try SetupCommand("/bin/sh", ["-c", "printf 'one\\rtwo\\n'; echo three >&2; printf last; exit 3"])
            .run { lines.insert($0) }
        #expect(outcome.exit == .exited(code: 3))
        #expect(outcome.standardOutput == "one\rtwo\nlast")
        #expect(lines == ["one", "two", "three", "last"])
    }

    @Test func `the input arrives, and only what is given is in the environment`() throws {
        let outcome = try SetupCommand(
            "/bin/sh",
            ["-c", "cat; env"],
            environment: ["A": "b"],
            input: Array("in\n".utf8)
        ).run()
        let lines = Set(outcome.standardOutput.split(separator: "\n").map(String.init))
        #expect(lines.contains("in"))
        #expect(lines.contains("A=b"))
        #expect(!lines.contains { $0.hasPrefix("HOME=") })
    }

    @Test(.enabled(if: geteuid() == 0, "only root may become somebody else"))
    func `it runs as the account, without the groups of root`() throws {
        let account = try Scratch.account
        let outcome = try SetupCommand("/usr/bin/id", ["-u"], account: account).run()
        #expect(outcome.standardOutput == "\(account.userID)\n")
        #expect(
            try SetupCommand("/usr/bin/id", ["-G"], account: account).run().standardOutput == "\(account.groupID)\n"
        )
    }

    @Test func `a program that is not there is an error with its name`() {
        let error = #expect(throws: SystemError.self) { try SetupCommand("/nonexistent/program").run() }
        #expect(error?.description.contains("/nonexistent/program") ?? false)
    }
}
