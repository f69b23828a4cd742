// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import OneMachine
import ProgramTesting
import Testing

/// The program at a real terminal.
@Suite struct TerminalTests {
    @Test func `add-admin asks twice for a password it does not show, and hands it to the charm`() async throws {
        let installation = try await SmallInstallation()
        defer { withExtendedLifetime(installation) {} }
        try await installation.withAgent {
            let terminal = try installation.terminal(["run", "add-admin", "email=a@example.com"])
            #expect(try await terminal.shows("password: "))
            terminal.type("Hidden-from-eyes\n")
            #expect(try await terminal.shows("password again: "))
            terminal.type("Hidden-from-eyes\n")
            #expect(try await terminal.shows("email: a@example.com"))
            #expect(try await terminal.end() == .exited(code: 0))
            #expect(!terminal.text.contains("Hidden"))
            let received = try FileStore.text(installation.state.charm + "/password")
            #expect(received == "Hidden-from-eyes\n")
        }
    }

    @Test func `passwords that differ are refused, and the charm hears nothing`() async throws {
        let installation = try await SmallInstallation()
        defer { withExtendedLifetime(installation) {} }
        try await installation.withAgent {
            let terminal = try installation.terminal(["run", "add-admin", "email=a@example.com"])
            #expect(try await terminal.shows("password: "))
            terminal.type("one\n")
            #expect(try await terminal.shows("password again: "))
            terminal.type("another\n")
            #expect(try await terminal.shows("error: the two differ"))
            #expect(try await terminal.end() == .exited(code: 1))
            #expect(!FileStore.exists(installation.state.charm + "/password"))
        }
    }

    @Test func `nobody is asked for a password that has nowhere to go`() async throws {
        let installation = try await SmallInstallation()
        defer { withExtendedLifetime(installation) {} }
        let terminal = try installation.terminal(["run", "add-admin", "email=a@example.com"])
        #expect(try await terminal.shows("error: Indico is not up"))
        #expect(try await terminal.end() == .exited(code: 1))
        #expect(!terminal.text.contains("password"))
    }

    @Test func `Ctrl-C at the password leaves a terminal that shows what is typed`() async throws {
        let installation = try await SmallInstallation()
        defer { withExtendedLifetime(installation) {} }
        try await installation.withAgent {
            let program = try BuiltProgram.path("indico-operator")
            // The shell goes on after Ctrl-C, and asks how the terminal is left.
            let terminal = try TerminalSession(
                [
                    "/bin/sh", "-c", "trap : INT; \"$0\" run add-admin email=a@example.com; echo code $?; stty -a",
                    program,
                ],
                environment: ["INDICO_OPERATOR_STATE_DIR": installation.state.path]
            )
            #expect(try await terminal.shows("password: "))
            terminal.type("\u{3}")
            #expect(try await terminal.shows("code 130"))
            // Of a terminal that hides what is typed stty says -echo.
            #expect(try await terminal.shows(" echo "))
        }
    }

    @Test func `status --watch draws over what it drew, and Ctrl-C brings the cursor back`() async throws {
        let installation = try await SmallInstallation()
        defer { withExtendedLifetime(installation) {} }
        try await installation.withAgent {
            let terminal = try installation.terminal(["status", "--watch"])
            #expect(try await terminal.shows("\u{1B}[?25l"))
            for _ in 0..<2 {
                #expect(try await terminal.shows("\u{1B}[H"))
                #expect(try await terminal.shows("at your service"))
                #expect(try await terminal.shows("\u{1B}[J"))
            }
            terminal.type("\u{3}")
            #expect(try await terminal.end() == .exited(code: 130))
            #expect(terminal.text.hasSuffix("\u{1B}[?25h\r\n"))
        }
    }

    @Test func `destroy goes on only with the application's name`() async throws {
        let installation = try await SmallInstallation()
        defer { withExtendedLifetime(installation) {} }
        let path = installation.state.path
        let refusing = try installation.terminal(["destroy"])
        #expect(try await refusing.shows(path))
        #expect(try await refusing.shows("to go on: "))
        refusing.type("yes\n")
        #expect(try await refusing.shows("error: nothing was deleted"))
        #expect(try await refusing.end() == .exited(code: 1))
        #expect(FileStore.exists(installation.state.charm + "/dispatch"))

        let agreeing = try installation.terminal(["destroy"])
        #expect(try await agreeing.shows("to go on: "))
        agreeing.type("indico\n")
        #expect(try await agreeing.end() == .exited(code: 0))
        #expect(!FileStore.exists(path))
    }

    @Test func `colours are for terminals, and not for those who want none`() async throws {
        let installation = try await SmallInstallation()
        defer { withExtendedLifetime(installation) {} }
        let bold = "\u{1B}[1m"
        try await installation.withAgent {
            let coloured = try installation.terminal(["status"])
            #expect(try await coloured.end() == .exited(code: 0))
            #expect(coloured.text.contains(bold))
            for variables in [["NO_COLOR": "1"], ["TERM": "dumb"]] {
                let plain = try installation.terminal(["status"], environment: variables)
                #expect(try await plain.end() == .exited(code: 0))
                #expect(plain.text.contains("at your service") && !plain.text.contains("\u{1B}"))
            }
            let piped = try SetupCommand(
                BuiltProgram.path("indico-operator"),
                ["status", "--state-dir", installation.state.path],
                environment: ["TERM": "xterm"]
            ).run()
            #expect(piped.succeeded && !piped.standardOutput.contains("\u{1B}"))
        }
    }
}
