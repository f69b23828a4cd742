// SPDX-License-Identifier: Apache-2.0
import OneMachine
import Testing

@Suite struct PythonEnvironmentTests {
    private static var hasVenv: Bool {
        (try? SetupCommand("/usr/bin/python3", ["-c", "import ensurepip, venv"]).run().succeeded) ?? false
    }

    @Test(.enabled(if: hasVenv, "python3-venv is not installed"))
    func `it counts as there only when finished, and only for the same requirements`() throws {
        let scratch = try Scratch()
        let environment = PythonEnvironment(path: scratch.path + "/opt/indico", requirements: "")
        #expect(try !environment.isComplete())
        try environment.create(log: LogFile(scratch.path + "/log"))
        #expect(try !environment.isComplete())
        try environment.finish()
        #expect(try environment.isComplete())
        #expect(try !PythonEnvironment(path: environment.path, requirements: "a==1\n").isComplete())
    }

    @Test(.enabled(if: hasVenv, "python3-venv is not installed"))
    func `making it anew clears an unfinished one away`() throws {
        let scratch = try Scratch()
        let environment = PythonEnvironment(path: scratch.path + "/opt/indico", requirements: "")
        try FileStore.makeDirectory(environment.path + "/lib", mode: 0o755)
        try FileStore.write("half", to: environment.path + "/lib/leftover", mode: 0o644)
        try environment.create(log: LogFile(scratch.path + "/log"))
        #expect(!FileStore.exists(environment.path + "/lib/leftover"))
        #expect(FileStore.isExecutable(environment.python))
    }

    @Test func `a Python that Indico does not take is refused by name`() {
        #expect(throws: OperatorError.self) { try IndicoRelease.newest(forPython: "3.13") }
        #expect((try? IndicoRelease.newest(forPython: "3.11")) == .v329)
        #expect((try? IndicoRelease.newest(forPython: "3.12")) == .v3314)
    }
}
