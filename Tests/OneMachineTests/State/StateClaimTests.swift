// SPDX-License-Identifier: Apache-2.0
import OneMachine
import Testing

@Suite struct StateClaimTests {
    @Test func `a directory with something else in it is not taken`() throws {
        let scratch = try Scratch()
        let state = try scratch.state
        try FileStore.makeDirectory(state.path, mode: 0o755)
        try FileStore.write("mine", to: state.path + "/thesis.txt", mode: 0o644)
        #expect(throws: OperatorError.self) { try StateClaim.claim(state) }
        #expect(try FileStore.names(in: state.path) == ["thesis.txt"])
    }

    @Test func `a new directory is taken, and taken again`() throws {
        let scratch = try Scratch()
        let state = try scratch.state
        #expect(try StateClaim.claim(state))
        #expect(try !StateClaim.claim(state))
        #expect(try StateMarker.read(from: state) == StateMarker(path: state.path, madeSystemUser: false))
    }

    @Test func `a claim that is given up leaves nothing, and never takes anything else along`() throws {
        let scratch = try Scratch()
        let state = try scratch.state
        try StateClaim.claim(state)
        try Settings().write(to: state)
        _ = try StateLock(state, holding: "up")
        StateClaim.release(state)
        #expect(!FileStore.exists(state.path))
        try StateClaim.claim(state)
        try FileStore.write("mine", to: state.path + "/thesis.txt", mode: 0o644)
        StateClaim.release(state)
        #expect(try FileStore.names(in: state.path) == ["thesis.txt"])
    }

    @Test func `a copy of an installation is not the installation`() throws {
        let scratch = try Scratch()
        let state = try scratch.state
        try FileStore.makeDirectory(state.path, mode: 0o755)
        try StateMarker(path: "/elsewhere/state", madeSystemUser: false).write(to: state)
        try FileStore.write("{\"path\":\"/elsewhere/state\",\"madeSystemUser\":true}", to: state.marker, mode: 0o644)
        #expect(throws: OperatorError.self) { try StateMarker.read(from: state) }
    }
}
