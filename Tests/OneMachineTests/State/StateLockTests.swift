// SPDX-License-Identifier: Apache-2.0
import OneMachine
import Testing

@Suite struct StateLockTests {
    @Test func `a second command is told who is at work, and may go on afterwards`() throws {
        let scratch = try Scratch()
        let state = try scratch.state
        try FileStore.makeDirectory(state.path, mode: 0o755)
        func hold(_ body: () throws -> Void) throws {
            let lock = try StateLock(state, holding: "up")
            try body()
            _ = consume lock
        }
        try hold {
            let error = #expect(throws: OperatorError.self) { _ = try StateLock(state, holding: "down") }
            #expect(error?.message.hasPrefix("'indico-operator up (process ") ?? false)
        }
        try hold {}
    }
}
