// SPDX-License-Identifier: Apache-2.0
import OneMachine
import Synchronization
import Testing

@Suite struct StepScreenTests {
    private let plain = StepLook(usesColour: false, usesUnicode: true, width: 100)

    private final class Written: Sendable {
        let text = Mutex("")
        var value: String { text.withLock { $0 } }
        func add(_ more: String) { text.withLock { $0 += more } }
    }

    @Test func `a line that moves has number, name, bar, time and what is being done`() {
        var state = StepState(number: 5, total: 11, name: "Python packages", elapsed: .seconds(65))
        state.done = 1
        state.of = 2
        state.detail = "1/2 alembic"
        #expect(
            plain.running(state, frame: 0)
                == " ⠋ [ 5/11] Python packages        ━━━━━━━━━━────────── 1 min 05 s  1/2 alembic"
        )
    }

    @Test func `a long detail is cut rather than wrapped`() {
        var state = StepState(number: 1, total: 1, name: "x")
        state.detail = String(repeating: "d", count: 500)
        #expect(plain.running(state, frame: 0).count < 100)
    }

    @Test(arguments: [120, 80, 61, 40, 20, 5])
    func `on no terminal does the line that moves wrap`(width: Int) {
        let look = StepLook(usesColour: false, usesUnicode: true, width: width)
        var state = StepState(number: 10, total: 11, name: "Charm and directories", elapsed: .seconds(600))
        state.done = 1
        state.of = 3
        state.detail = "a detail that is quite long, as details are when pip compiles something"
        // The head stays even where nothing else fits; no terminal is that small.
        #expect(look.running(state, frame: 0).count < max(width, 13))
    }

    @Test func `a narrow terminal gets a line that stays without columns`() {
        let look = StepLook(usesColour: false, usesUnicode: true, width: 40)
        var state = StepState(number: 1, total: 9, name: "Checks", elapsed: .seconds(3))
        state.detail = "room, rights and ports"
        #expect(look.ended(state, succeeded: true) == " ✓ [1/9] Checks  3 s  room, rights and ports")
    }

    @Test func `anywhere but on a terminal there are plain lines, one per beginning and end`() throws {
        let written = Written()
        let screen = StepScreen(offset: 2, total: 4, look: plain, isTerminal: false) { written.add($0) }
        try screen.step("First") { _ in "fine" }
        #expect(throws: OperatorError.self) { try screen.step("Second") { _ in throw OperatorError("no") } }
        #expect(
            written.value
                == "[3/4] First ...\n[3/4] First: done in 0 s, fine\n[4/4] Second ...\n[4/4] Second: failed after 0 s\n"
        )
    }

    @Test func `on a terminal the line that stays replaces the one that moves, and the cursor comes back`() throws {
        let written = Written()
        let screen = StepScreen(offset: 0, total: 1, look: plain, isTerminal: true) { written.add($0) }
        try screen.step("Only") { _ in "fine" }
        #expect(written.value.hasPrefix("\u{1B}[?25l"))
        #expect(written.value.hasSuffix("\r\u{1B}[K ✓ [1/1] Only                          0 s  fine\u{1B}[?25h\n"))
    }

    @Test(arguments: [(0, "0 s"), (59, "59 s"), (60, "1 min 00 s"), (605, "10 min 05 s")])
    func `times read as people say them`(seconds: Int, text: String) {
        #expect(StepLook.text(.seconds(seconds)) == text)
    }

    @Test func `the script and the program count to the same number`() throws {
        let path = #filePath.replacing("Tests/OneMachineTests/Progress/StepScreenTests.swift", with: "scripts/run.sh")
        let script = try #require(try FileStore.text(path))
        // The two steps of the script itself.
        #expect(script.contains("\nSTEP_TOTAL=\(Up.stepNames.count + 2)\n"))
    }
}
