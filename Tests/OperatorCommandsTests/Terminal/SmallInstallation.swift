// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import OneMachine
import ProgramTesting
import Testing
import UnitAgent

/// A state directory with the real agent at work on a small charm: what commands that need no Indico can be tried on.
final class SmallInstallation {
    let state: StateDirectory

    private static let dispatch = """
        #!/bin/sh
        case "$JUJU_DISPATCH_PATH" in
          actions/add-admin)
            secret-get "$(action-get password-secret)" password > password
            action-set email="$(action-get email)" ;;
          *) status-set active "at your service" ;;
        esac
        """

    init() async throws {
        var template = Array("/tmp/operator-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("make a directory") }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        state = try StateDirectory(path: path)
        try StateMarker(path: path, madeSystemUser: false).write(to: state)
        for directory in [state.charm, state.programs, state.tools, state.agent] {
            try FileStore.makeDirectory(directory, mode: 0o755)
        }
        try FileStore.write(
            "name: small\nsummary: s\ndescription: d\n",
            to: state.charm + "/metadata.yaml",
            mode: 0o644
        )
        try FileStore.write(
            "add-admin:\n  params:\n    email: {type: string}\n    password-secret: {type: string}\n",
            to: state.charm + "/actions.yaml",
            mode: 0o644
        )
        try FileStore.link(state.program(.hookTool), to: BuiltProgram.path("hook-tool"))
        // By another process: were the file open for writing here when some other test forks, it could not be started.
        let script = try SetupCommand(
            "/bin/sh",
            ["-c", "cat > \"$1\" && chmod 755 \"$1\"", "sh", state.charm + "/dispatch"],
            input: Array(Self.dispatch.utf8)
        ).run()
        try #require(script.succeeded)
    }

    deinit {
        // Left behind it would only take room.
        try? DirectoryRemoval.remove(state.path)
    }

    /// Runs a body while the agent is at work.
    func withAgent(_ body: () async throws -> Void) async throws {
        try await BuiltProgram.running("indico-operator", ["agent", "--state-dir", state.path]) { program in
            let agent = AgentControlClient(socketPath: state.controlSocket)
            let deadline = ContinuousClock.now + .seconds(60)
            while (try? agent.status())?.unit.workload.status != "active" {
                try #require(ContinuousClock.now < deadline, "\(program.words)")
                try await Task.sleep(for: .milliseconds(20))
            }
            try await body()
        }
    }

    func terminal(_ words: [String], environment: [String: String] = [:]) throws -> TerminalSession {
        let program = try BuiltProgram.path("indico-operator")
        return try TerminalSession([program] + words + ["--state-dir", state.path], environment: environment)
    }
}
