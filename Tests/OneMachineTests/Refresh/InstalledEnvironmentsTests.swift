// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import OneMachine

@Suite struct InstalledEnvironmentsTests {
    private static let python = PythonInterpreter(path: "/usr/bin/python3", version: PythonVersion(3, 11, 2))

    @Test(arguments: [
        ("indico==3.2.9\n", "3.2.9"), ("# indico==1\namqp==5\nindico == 3.3.14 # newest\n", "3.3.14"),
        ("indico-fonts==1.2\n", nil), ("indico @ file:///tmp/indico-3.whl\n", nil), ("indico==../../x\n", nil),
        ("", nil),
    ])
    func `the version is the one that is pinned`(requirements: String, version: String?) {
        #expect(InstalledEnvironments.indicoVersion(in: requirements) == version)
    }

    @Test func `each set of pins and each Python has an environment of its own`() {
        func name(_ requirements: String, _ python: PythonInterpreter) -> String {
            InstalledEnvironments.name(requirements: requirements, interpreter: python)
        }
        let other = PythonInterpreter(path: "/usr/bin/python3", version: PythonVersion(3, 12, 3))
        let micro = PythonInterpreter(path: "/usr/bin/python3", version: PythonVersion(3, 11, 9))
        let pins = "indico==3.2.9\namqp==5.1.1\n"
        #expect(name(pins, Self.python).hasPrefix("indico-3.2.9-"))
        #expect(name(pins, Self.python) == name(pins, micro))
        #expect(Set([name(pins, Self.python), name(pins, other), name(pins + "vine==5\n", Self.python)]).count == 3)
    }

    /// Environments that are finished, without the minutes that it takes to make them.
    private func installation(_ scratch: Scratch, _ names: [String]) throws -> InstalledEnvironments {
        let environments = InstalledEnvironments(state: try scratch.state)
        for name in names {
            let mark = environments.path(name) + "/.complete"
            try FileStore.makeDirectory(environments.path(name) + "/bin", mode: 0o755)
            try FileStore.write("/usr/bin/python3 3.11\nindico==\(name)\n", to: mark, mode: 0o644)
        }
        return environments
    }

    @Test func `one is in use, the one before is kept, all others go`() throws {
        let scratch = try Scratch()
        let environments = try installation(scratch, ["indico-1-a", "indico-2-b", "indico-3-c"])
        #expect(environments.current == nil)
        try environments.use("indico-1-a")
        #expect(environments.current == "indico-1-a")
        try environments.use("indico-3-c")
        try environments.keep(.init(name: "indico-1-a", backup: "2026-01-31T03-00-00Z"))
        #expect(environments.current == "indico-3-c")
        #expect(try environments.previous() == .init(name: "indico-1-a", backup: "2026-01-31T03-00-00Z"))
        #expect(FileStore.exists(environments.path("indico-1-a")) && FileStore.exists(environments.path("indico-3-c")))
        #expect(!FileStore.exists(environments.path("indico-2-b")))
    }

    @Test func `one that is not whole is no way back`() throws {
        let scratch = try Scratch()
        let environments = try installation(scratch, ["indico-1-a", "indico-2-b"])
        try environments.use("indico-2-b")
        try environments.keep(.init(name: "indico-1-a", backup: "-"))
        try DirectoryRemoval.remove(environments.path("indico-1-a") + "/.complete")
        #expect(try environments.previous() == nil)
    }

    @Test func `one where the link shall be is told apart from the link`() throws {
        let scratch = try Scratch()
        let environments = try installation(scratch, ["indico"])
        #expect(environments.standsInPlace && environments.current == nil)
        try DirectoryRemoval.remove(environments.path("indico"))
        #expect(!environments.standsInPlace)
    }

    @Test func `an environment whose Python is gone or another does not work`() throws {
        let scratch = try Scratch()
        let environments = try installation(scratch, ["indico-1-a"])
        try environments.use("indico-1-a")
        let mark = environments.path("indico-1-a") + "/.complete"
        for (line, works) in [
            ("/nowhere/python3 3.11", false), ("\(scratch.path)/python3 3.10", false),
            ("\(scratch.path)/python3 3.11", true),
        ] {
            try FileStore.write("#!/bin/sh\necho 3.11.4\n", to: scratch.path + "/python3", mode: 0o755)
            try FileStore.write(line + "\nindico==1\n", to: mark, mode: 0o644)
            #expect(try environments.currentWorks() == works, "\(line)")
        }
    }
}
