// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Testing

@testable import PebbleCommands

/// The words of a `run` are read twice over: what is read the short way has to mean the same the long way.
@Suite struct PlainRunTests {
    @Test(arguments: [
        ["run"], ["run", "--hold"], ["run", "--create-dirs", "--hold", "-v"], ["run", "--verbose", "--http", ":4000"],
        ["run", "--http=127.0.0.1:0", "--identities", "/a b.yaml"], ["run", "--https=:8443", "--create-dirs"],
    ])
    func `the usual words mean what the parser says they mean`(words: [String]) throws {
        let short = try #require(RunCommand(plain: words)).daemon
        let long = try #require(PebbleCommand.parseAsRoot(words) as? RunCommand).daemon
        #expect(short.createDirectories == long.createDirectories)
        #expect(short.hold == long.hold)
        #expect(short.verbose == long.verbose)
        #expect(short.http == long.http)
        #expect(short.https == long.https)
        #expect(short.identities == long.identities)
    }

    @Test(arguments: [
        ["run", "--help"], ["run", "-h"], ["run", "--bogus"], ["run", "--http"], ["run", "--http", "--hold"],
        ["run", "--hold=yes"], ["run", "--hold", "--hold"], ["run", "extra"], ["run", "--", "x"], ["run", "-vv"],
        ["services"], [],
    ])
    func `anything else is the parser's`(words: [String]) {
        let command = RunCommand(plain: words)
        #expect(command == nil)
    }
}
