// SPDX-License-Identifier: Apache-2.0
import OneMachine
import Testing

@Suite struct ShellCommandTests {
    @Test func `only the usual installation gets a name in a shell, and only on the user's path`() throws {
        let usual = try StateDirectory(path: "/var/lib/indico-operator")
        let other = try StateDirectory(path: "/srv/other")
        let path = ["PATH": "/usr/local/bin:/usr/bin"]
        #expect(ShellCommand.place(state: usual, userID: 0, environment: path) == "/usr/local/bin/indico-operator")
        #expect(ShellCommand.place(state: usual, userID: 0, environment: ["PATH": "/usr/bin"]) == nil)
        #expect(ShellCommand.place(state: other, userID: 0, environment: path) == nil)
    }

    @Test func `another installation is named in every line we tell to type`() throws {
        let scratch = try Scratch()
        let state = try scratch.state
        #expect(
            ShellCommand.line("status", state: state, environment: ["HOME": "/home/a"])
                == "\(state.path)/bin/indico-operator status --state-dir \(state.path)"
        )
        let chosen = ["HOME": "/home/a", "INDICO_OPERATOR_STATE_DIR": state.path]
        #expect(
            ShellCommand.line("status", state: state, environment: chosen) == "\(state.path)/bin/indico-operator status"
        )
    }
}
