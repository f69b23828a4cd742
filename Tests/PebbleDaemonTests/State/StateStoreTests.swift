// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import Testing

@testable import PebbleDaemon

@Suite struct StateStoreTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    private func change(_ id: String, ready: Bool = true) -> Change {
        Change(
            id: id,
            kind: "start",
            summary: "Start",
            taskIDs: [id],
            spawnTime: now,
            readyTime: ready ? now : nil,
            subjects: ["web"]
        )
    }

    private func task(_ id: String, _ kind: String, _ status: ChangeStatus) -> ChangeTask {
        ChangeTask(
            id: id,
            change: id,
            kind: kind,
            summary: "Do",
            status: status,
            log: [],
            spawnTime: now,
            subject: "web",
            lane: 0,
            stage: 0
        )
    }

    @Test func `what was appended is there after a death without notice`() throws {
        let directory = try TestDirectory()
        do {
            let (store, _) = try StateStore.open(directory: directory.path, now: now)
            try store.append([.change(change("7")), .task(task("7", "start", .done))])
            // Nothing is finished: the store just goes.
        }
        let (_, document) = try StateStore.open(directory: directory.path, now: now)
        #expect(document.changes["7"] == change("7"))
        #expect(document.lastChangeID == 7)
        #expect(document.lastTaskID == 7)
    }

    @Test func `a line cut by a crash is dropped, the lines before it are not`() throws {
        let directory = try TestDirectory()
        do {
            let (store, _) = try StateStore.open(directory: directory.path, now: now)
            try store.append([.change(change("1")), .change(change("2"))])
        }
        let journal = directory.file(".pebble.state.journal.0")
        let bytes = try FileBytes.read(journal)
        try AtomicFile.write(bytes.dropLast(20), to: journal, mode: 0o600)
        let (_, document) = try StateStore.open(directory: directory.path, now: now)
        #expect(document.changes.keys.sorted() == ["1"])
    }

    @Test func `a crash in the middle of a compaction loses and repeats nothing`() async throws {
        let directory = try TestDirectory()
        do {
            let (store, empty) = try StateStore.open(directory: directory.path, now: now)
            var document = empty
            try store.append([.change(change("1"))])
            document.apply(.change(change("1")))
            // The file of the whole cannot be replaced, so both journals have to serve.
            #expect(mkdir(directory.file("elsewhere"), 0o700) == 0)
            #expect(rename(directory.file(".pebble.state"), directory.file("elsewhere/state")) == 0)
            #expect(mkdir(directory.file(".pebble.state"), 0o700) == 0)
            let failure = await withCheckedContinuation { continuation in
                do {
                    try store.compact(document) { continuation.resume(returning: $0) }
                } catch {
                    continuation.resume(returning: error)
                }
            }
            #expect(failure != nil)
            try store.append([.change(change("2"))])
        }
        #expect(rmdir(directory.file(".pebble.state")) == 0)
        #expect(rename(directory.file("elsewhere/state"), directory.file(".pebble.state")) == 0)
        let (_, document) = try StateStore.open(directory: directory.path, now: now)
        #expect(document.changes.keys.sorted() == ["1", "2"])
    }

    @Test func `after a compaction the old journal is gone and the whole readable`() async throws {
        let directory = try TestDirectory()
        let (store, empty) = try StateStore.open(directory: directory.path, now: now)
        var document = empty
        document.apply(.change(change("1")))
        let failure = try await withCheckedThrowingContinuation { continuation in
            do {
                try store.compact(document) { continuation.resume(returning: $0) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
        #expect(failure == nil)
        #expect(access(directory.file(".pebble.state.journal.0"), F_OK) != 0)
        let text = String(decoding: try FileBytes.read(directory.file(".pebble.state")), as: UTF8.self)
        #expect(text.contains(#""kind":"start""#))
        var information = stat()
        #expect(stat(directory.file(".pebble.state"), &information) == 0)
        #expect(information.st_mode & 0o777 == 0o600)
    }

    @Test func `what a killed daemon left half written is removed`() throws {
        let directory = try TestDirectory()
        do {
            let (store, _) = try StateStore.open(directory: directory.path, now: now)
            try store.append([.change(change("1"))])
        }
        let text = String(decoding: try FileBytes.read(directory.file(".pebble.state")), as: UTF8.self)
        let later = text.replacing("\"journal\":0", with: "\"journal\":2")
        try AtomicFile.write(later, to: directory.file(".pebble.state"), mode: 0o600)
        try AtomicFile.write("{}", to: directory.file("..pebble.state.abc.tmp"), mode: 0o600)
        try AtomicFile.write("kept", to: directory.file(".other.tmp"), mode: 0o600)
        let (_, document) = try StateStore.open(directory: directory.path, now: now)
        // The journal was in the document already.
        #expect(document.changes.isEmpty)
        #expect(access(directory.file(".pebble.state.journal.0"), F_OK) != 0)
        #expect(access(directory.file("..pebble.state.abc.tmp"), F_OK) != 0)
        #expect(access(directory.file(".other.tmp"), F_OK) == 0)
    }

    @Test func `a document written anew holds what could not be appended, and the journal goes on`() throws {
        let directory = try TestDirectory()
        do {
            let (store, empty) = try StateStore.open(directory: directory.path, now: now)
            var document = empty
            try store.append([.change(change("1"))])
            document.apply(.change(change("1")))
            document.apply(.change(change("2")))
            try store.rewrite(document)
            try store.append([.change(change("3"))])
        }
        #expect(access(directory.file(".pebble.state.journal.0"), F_OK) != 0)
        let (_, document) = try StateStore.open(directory: directory.path, now: now)
        #expect(document.changes.keys.sorted() == ["1", "2", "3"])
    }

    @Test func `a document that cannot be written anew leaves the journal in use`() throws {
        let directory = try TestDirectory()
        do {
            let (store, empty) = try StateStore.open(directory: directory.path, now: now)
            try store.append([.change(change("1"))])
            #expect(rename(directory.file(".pebble.state"), directory.file("aside")) == 0)
            #expect(mkdir(directory.file(".pebble.state"), 0o700) == 0)
            #expect(throws: SystemError.self) { try store.rewrite(empty) }
            try store.append([.change(change("2"))])
        }
        #expect(rmdir(directory.file(".pebble.state")) == 0)
        #expect(rename(directory.file("aside"), directory.file(".pebble.state")) == 0)
        let (_, document) = try StateStore.open(directory: directory.path, now: now)
        #expect(document.changes.keys.sorted() == ["1", "2"])
    }

    @Test func `what nobody works on any more is ended`() {
        var document = StateDocument()
        for (id, kind) in [("1", "start"), ("2", "exec"), ("3", "perform-check")] {
            document.apply(.change(change(id, ready: false)))
            document.apply(.task(task(id, kind, .doing)))
        }
        document.settle(now: now)
        #expect(document.tasks["1"]?.status == .error)
        #expect(document.tasks["1"]?.log.last?.hasSuffix("service already started, not retrying") == true)
        #expect(document.tasks["2"]?.status == .done)
        #expect(document.tasks["3"]?.status.isReady == true)
        #expect(document.changes.values.allSatisfy { $0.readyTime != nil })
    }

    @Test func `the old and the many are forgotten`() {
        var document = StateDocument()
        for id in 1...10 { document.apply(.change(change(String(id)))) }
        document.apply(.change(change("11", ready: false)))
        var limits = StateLimits()
        limits.readyChanges = 3
        document.prune(now: now, limits: limits)
        #expect(document.changes.count == 4)
        document.prune(now: now + .seconds(8 * 86_400), limits: limits)
        #expect(document.changes.keys.sorted() == ["11"])
        #expect(document.lastChangeID == 11)
    }

    @Test func `a file that is no state is refused, not overwritten`() throws {
        let directory = try TestDirectory()
        try AtomicFile.write("{broken", to: directory.file(".pebble.state"), mode: 0o600)
        #expect(throws: StateError.self) { try StateStore.open(directory: directory.path, now: now) }
        #expect(try FileBytes.read(directory.file(".pebble.state")) == Array("{broken".utf8))
    }

    @Test func `services that have not run for a week, or beyond the hundredth, are forgotten`() {
        let limits = StateLimits()
        let day = Duration.seconds(86_400)
        #expect(limits.forgotten([:]).isEmpty)
        #expect(limits.forgotten(["old": day * 7 + .seconds(1), "young": day * 7]) == ["old"])
        let many = Dictionary(uniqueKeysWithValues: (0..<103).map { ("svc\($0)", Duration.seconds($0)) })
        #expect(limits.forgotten(many).sorted() == ["svc100", "svc101", "svc102"])
    }
}
