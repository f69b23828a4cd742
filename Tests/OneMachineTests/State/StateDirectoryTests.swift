// SPDX-License-Identifier: Apache-2.0
import OneMachine
import Testing

@Suite struct StateDirectoryTests {
    private func chosen(_ option: String?, _ environment: [String: String], _ userID: UInt32) throws -> String {
        try StateDirectory.chosen(option: option, environment: environment, userID: userID, workingDirectory: "/base")
            .path
    }

    @Test func `the option comes first, then the environment, then the place for the user`() throws {
        let environment = ["INDICO_OPERATOR_STATE_DIR": "/e", "HOME": "/home/a"]
        #expect(try chosen("/o", environment, 0) == "/o")
        #expect(try chosen(nil, environment, 0) == "/e")
        #expect(try chosen(nil, ["HOME": "/root"], 0) == "/var/lib/indico-operator")
        #expect(try chosen(nil, ["HOME": "/home/a"], 1000) == "/home/a/.local/state/indico-operator")
        #expect(try chosen(nil, ["HOME": "/home/a", "XDG_STATE_HOME": "/s"], 1000) == "/s/indico-operator")
        #expect(try chosen("rel/", [:], 1000) == "/base/rel")
    }

    @Test(arguments: ["", "/", "//", "relative", "/a/../b", "/a b", "/a'b", "/ä"])
    func `a path that would be dangerous to own is refused`(path: String) {
        #expect(throws: OperatorError.self) { try StateDirectory(path: path) }
    }

    @Test func `a path too long for a socket is refused before anything fails on it`() {
        #expect(throws: OperatorError.self) { try StateDirectory(path: "/" + String(repeating: "a", count: 100)) }
    }
}
