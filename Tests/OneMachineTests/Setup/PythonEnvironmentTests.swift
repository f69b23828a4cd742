// SPDX-License-Identifier: Apache-2.0
import OneMachine
import Testing

@Suite struct PythonEnvironmentTests {
    private static var interpreter: PythonInterpreter? {
        get throws { try PythonInterpreter(asking: "/usr/bin/python3") }
    }
    private static var hasVenv: Bool { ((try? interpreter) ?? nil)?.makesEnvironments ?? false }

    private static func environment(in scratch: Scratch, requirements: String = "") throws -> PythonEnvironment {
        PythonEnvironment(
            path: scratch.path + "/opt/indico",
            requirements: requirements,
            interpreter: try #require(try interpreter)
        )
    }

    @Test(.enabled(if: hasVenv, "python3-venv is not installed"))
    func `it counts as there only when finished, and only for the same requirements`() throws {
        let scratch = try Scratch()
        let environment = try Self.environment(in: scratch)
        #expect(try !environment.isComplete())
        try environment.create(log: LogFile(scratch.path + "/log"))
        #expect(try !environment.isComplete())
        try environment.finish()
        #expect(try environment.isComplete())
        #expect(try !Self.environment(in: scratch, requirements: "a==1\n").isComplete())
        #expect(try PythonEnvironment.interpreter(ofFinished: environment.path) == "/usr/bin/python3")
    }

    @Test(.enabled(if: hasVenv, "python3-venv is not installed"))
    func `making it anew clears an unfinished one away`() throws {
        let scratch = try Scratch()
        let environment = try Self.environment(in: scratch)
        try FileStore.makeDirectory(environment.path + "/lib", mode: 0o755)
        try FileStore.write("half", to: environment.path + "/lib/leftover", mode: 0o644)
        try environment.create(log: LogFile(scratch.path + "/log"))
        #expect(!FileStore.exists(environment.path + "/lib/leftover"))
        #expect(FileStore.isExecutable(environment.python))
    }

    @Test(.enabled(if: hasVenv, "python3-venv is not installed"))
    func `what browsers fetch is packed beside itself, what is small or packed already is not`() throws {
        let scratch = try Scratch()
        let environment = try Self.environment(in: scratch)
        let directory = environment.sitePackages + "/indico/web/static/dist"
        try FileStore.makeDirectory(directory, mode: 0o755)
        for (name, size) in [("main.css", 5000), ("small.css", 10), ("photo.jpg", 5000)] {
            try FileStore.write(String(repeating: "a", count: size), to: "\(directory)/\(name)", mode: 0o644)
        }
        try environment.packStaticFiles(log: LogFile(scratch.path + "/log"))
        #expect(FileStore.exists(directory + "/main.css.gz"))
        #expect(FileStore.exists(directory + "/main.css"))
        #expect(!FileStore.exists(directory + "/small.css.gz"))
        #expect(!FileStore.exists(directory + "/photo.jpg.gz"))
    }

    @Test func `what signs for SAML is built against the lxml in use, and against nothing else`() {
        let requirements = "# x\n--no-binary xmlsec\nlxml==4.9.2\nlxml-html-clean==1\nxmlsec==1.3.14\n"
        #expect(PythonEnvironment.buildConstraints(requirements) == "lxml==4.9.2\n")
        #expect(PythonEnvironment.buildConstraints("a==1\n") == "")
    }
}
