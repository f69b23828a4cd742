// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import UnitAgent

@Suite struct FlagSetTests {
    private let flags = FlagSet.output(switches: ["app"], values: ["relation"], short: ["r": "relation"])

    @Test(arguments: [
        ["-r", "db:7", "--app", "-", "db/0", "--format=json"],
        ["--format", "json", "-r=db:7", "--app=True", "-", "db/0"],
        ["--relation=db:7", "-", "--app=true", "db/0", "--format", "json"],
        ["-rdb:7", "--app", "--format=json", "--", "-", "db/0"],
    ])
    func `flags are read in every spelling, before, between and after arguments`(arguments: [String]) throws {
        let parsed = try flags.parse(arguments)
        #expect(parsed.arguments == ["-", "db/0"])
        #expect(parsed["relation"] == "db:7")
        #expect(parsed["format"] == "json")
        #expect(parsed.isOn("app"))
    }

    @Test func `a switch can be turned off`() throws {
        #expect(try !flags.parse(["--app=False"]).isOn("app"))
    }

    @Test func `what follows two dashes is no flag`() throws {
        #expect(try flags.parse(["--", "--app", "-r"]).arguments == ["--app", "-r"])
    }

    @Test(arguments: [
        (["--nope"], "option provided but not defined: --nope"), (["-x"], "option provided but not defined: -x"),
        (["-r"], "option needs an argument: -r"), (["--format"], "option needs an argument: --format"),
    ])
    func `a wrong flag is refused with exit code 2`(arguments: [String], message: String) {
        #expect(throws: ToolFailure.usage(message)) { try flags.parse(arguments) }
    }
}
