// SPDX-License-Identifier: Apache-2.0
import OneMachine
import Testing

@Suite struct IndicoChoiceTests {
    private static let debian = PythonInterpreter(path: "/usr/bin/python3", version: PythonVersion(3, 11, 2))
    private static let ubuntu = PythonInterpreter(path: "/usr/bin/python3", version: PythonVersion(3, 12, 3))
    private static let beside = PythonInterpreter(path: "/usr/bin/python3.12", version: PythonVersion(3, 12, 13))
    private static let newer = PythonInterpreter(path: "/usr/bin/python3", version: PythonVersion(3, 13, 5))

    @Test func `the Python decides on the release`() throws {
        #expect(try IndicoChoice.make(among: [Self.debian]) == IndicoChoice(release: .v329, interpreter: Self.debian))
        #expect(try IndicoChoice.make(among: [Self.ubuntu]) == IndicoChoice(release: .v3314, interpreter: Self.ubuntu))
    }

    @Test func `a Python 3_12 beside another one is found and gets the newer release`() throws {
        for other in [Self.debian, Self.newer] {
            let choice = try IndicoChoice.make(among: [other, Self.beside])
            #expect(choice == IndicoChoice(release: .v3314, interpreter: Self.beside))
        }
    }

    @Test func `an installation keeps its Python while that is there`() throws {
        let kept = try IndicoChoice.make(among: [Self.debian, Self.beside], keeping: "/usr/bin/python3")
        #expect(kept == IndicoChoice(release: .v329, interpreter: Self.debian))
        let gone = try IndicoChoice.make(among: [Self.newer, Self.beside], keeping: "/usr/bin/python3")
        #expect(gone == IndicoChoice(release: .v3314, interpreter: Self.beside))
    }

    @Test func `a Python that cannot make environments is passed over for one that can`() throws {
        let bare = PythonInterpreter(
            path: "/usr/bin/python3.12",
            version: PythonVersion(3, 12, 3),
            makesEnvironments: false
        )
        let choice = try IndicoChoice.make(among: [Self.debian, bare])
        #expect(choice == IndicoChoice(release: .v329, interpreter: Self.debian))
        let error = #expect(throws: OperatorError.self) { try IndicoChoice.make(among: [Self.newer, bare]) }
        #expect(error?.remedy.contains("python3.12-venv") ?? false)
    }

    @Test(arguments: [
        ([newer], "3.13.5"), ([], "there is no Python"),
        // The release's metadata leave the first two of 3.12 out.
        ([PythonInterpreter(path: "/usr/bin/python3", version: PythonVersion(3, 12, 1))], "3.12.1"),
    ])
    func `a Python that Indico does not take is refused by name`(interpreters: [PythonInterpreter], told: String) {
        let error = #expect(throws: OperatorError.self) { try IndicoChoice.make(among: interpreters) }
        #expect(error?.message.contains(told) ?? false)
    }

    @Test func `a Python is asked what it is, and what does not run is none`() throws {
        let scratch = try Scratch()
        #expect(try PythonInterpreter.find(at: [scratch.path + "/python3"]) == [])
        try FileStore.write("#!/bin/sh\necho 3.12.9\n", to: scratch.path + "/python3.12", mode: 0o755)
        try FileStore.write("#!/bin/sh\nexit 1\n", to: scratch.path + "/python3", mode: 0o755)
        let found = try PythonInterpreter.find(at: [scratch.path + "/python3", scratch.path + "/python3.12"])
        let expected = PythonInterpreter(
            path: scratch.path + "/python3.12",
            version: PythonVersion(3, 12, 9),
            makesEnvironments: false
        )
        #expect(found == [expected])
    }

    @Test(arguments: [("3.11.2", PythonVersion(3, 11, 2)), ("3.11", nil), ("3.13.0rc1", nil), ("", nil)])
    func `a version is three numbers`(text: String, version: PythonVersion?) {
        #expect(PythonVersion(text) == version)
    }
}
