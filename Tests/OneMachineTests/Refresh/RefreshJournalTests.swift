// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import OneMachine

@Suite struct RefreshJournalTests {
    @Test func `what was written is what is read, and gone when it is removed`() throws {
        let scratch = try Scratch()
        let state = try scratch.state
        try FileStore.makeDirectory(state.path, mode: 0o755)
        #expect(try RefreshJournal.read(from: state) == nil)
        var journal = RefreshJournal(phase: .switching, from: "indico-1-a", to: "indico-2-b")
        journal.backup = "2026-01-31T03-00-00Z"
        journal.pausedFor = "back at five"
        try journal.write(to: state)
        #expect(try RefreshJournal.read(from: state) == journal)
        try RefreshJournal.remove(from: state)
        try RefreshJournal.remove(from: state)
        #expect(try RefreshJournal.read(from: state) == nil)
    }

    @Test func `one that cannot be read is told of, not forgotten`() throws {
        let scratch = try Scratch()
        let state = try scratch.state
        try FileStore.makeDirectory(state.path, mode: 0o755)
        try FileStore.write("{", to: state.refreshJournal, mode: 0o600)
        let error = #expect(throws: OperatorError.self) { try RefreshJournal.read(from: state) }
        #expect(error?.message.contains("refresh.json cannot be read") == true)
    }

    @Test func `a change goes on with the step it was in`() {
        let all = Refresh.forward(from: .pausing).map(\.name)
        #expect(
            all == [
                "Maintenance page", "Backup", "New environment", "Database", "Looking at Indico", "Visitors",
            ]
        )
        #expect(Refresh.forward(from: .switching).map(\.name) == Array(all.dropFirst(2)))
        #expect(Refresh.forward(from: .opening).map(\.name) == ["Visitors"])
        #expect(Refresh.forward(from: .returning).isEmpty)
    }

    @Test func `visitors are let in only after Indico was looked at, and nothing is turned before the backup`() throws {
        let steps = Refresh.forward(from: .pausing)
        let phases = steps.map(\.next)
        #expect(phases == [nil, .switching, nil, nil, .opening, nil])
    }

    @Test func `the way back takes everything back, but before the backup only the page`() {
        var journal = RefreshJournal(phase: .returning, from: "indico-1-a", to: "indico-2-b")
        #expect(Refresh.backward(from: journal).map(\.name) == ["Visitors"])
        journal.backup = "2026-01-31T03-00-00Z"
        #expect(
            Refresh.backward(from: journal).map(\.name) == [
                "Old environment", "Old database", "Looking at Indico", "Visitors",
            ]
        )
    }

    @Test func `a change is left alone when there is a journal and nobody holds the lock`() throws {
        let scratch = try Scratch()
        let state = try scratch.state
        try FileStore.makeDirectory(state.path, mode: 0o755)
        let watch = RefreshWatch(state: state, environment: [:])
        #expect(!watch.isLeftAlone)
        try RefreshJournal(from: "indico-1-a", to: "indico-2-b").write(to: state)
        #expect(watch.isLeftAlone)
        let lock = try StateLock(state, holding: "refresh")
        #expect(!watch.isLeftAlone)
        _ = consume lock
        #expect(watch.isLeftAlone)
    }
}
