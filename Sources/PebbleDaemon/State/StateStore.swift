// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport
import NIOPosix
import PebbleAPI

/// Keeps the document on disk: a readable whole, and beside it a journal of what came since.
///
/// A change of state costs the line it adds, however long the history is. Lines are written before anybody is told of
/// what they hold, so the death of the daemon loses nothing acknowledged. A power cut is the business of
/// ``synchronise()``, which only what clients entrust to the daemon (notices, identities) waits for: a change is a
/// promise of work on processes that a power cut ends anyway.
final class StateStore {
    private let path: String
    private var journal: Int32
    private var journalNumber: Int
    private var journalSize = 0
    private var isCompacting = false
    /// The first journal there may still be.
    private var oldestJournal: Int
    /// After this many bytes of journal the whole document is written anew.
    private let compactionSize: Int

    /// Reads what is there and begins a new journal.
    static func open(
        directory: String,
        now: Timestamp,
        compactionSize: Int = 1 << 20
    ) throws -> (StateStore, StateDocument) {
        let path = "\(directory)/.pebble.state"
        var document = try read(path)
        removeRemains(in: directory, before: document.journal)
        var number = document.journal
        while let lines = try? FileBytes.read(journalPath(path, number)) {
            replay(lines, into: &document)
            number += 1
        }
        document.settle(now: now)
        document.prune(now: now)
        let stale = document.journal..<number
        document.journal = number
        let store = try StateStore(path: path, document: document, compactionSize: compactionSize)
        for old in stale { unlink(journalPath(path, old)) }
        return (store, document)
    }

    private init(path: String, document: StateDocument, compactionSize: Int) throws {
        self.path = path
        self.compactionSize = compactionSize
        journalNumber = document.journal
        oldestJournal = document.journal
        journal = try Self.create(Self.journalPath(path, journalNumber))
        do {
            try Self.write(document, to: path)
        } catch {
            unlink(Self.journalPath(path, journalNumber))
            throw error
        }
    }

    deinit {
        close(journal)
    }

    private static func read(_ path: String) throws -> StateDocument {
        guard let bytes = try readIfPresent(path) else { return StateDocument() }
        do {
            return try JSONDecoder().decode(StateDocument.self, from: Data(bytes))
        } catch {
            throw StateError(path: path, reason: "\(error)")
        }
    }

    private static func readIfPresent(_ path: String) throws(SystemError) -> [UInt8]? {
        let result = Result { () throws(SystemError) in try FileBytes.read(path) }
        if case .failure(let error) = result, error.isNotFound { return nil }
        return try result.get()
    }

    /// Takes lines in up to the first that cannot be read: only the last can have been cut by a crash.
    private static func replay(_ bytes: [UInt8], into document: inout StateDocument) {
        let decoder = JSONDecoder()
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard let record = try? decoder.decode(StateRecord.self, from: Data(line)) else { return }
            document.apply(record)
        }
    }

    /// Appends records; on disk as far as the kernel is concerned when this returns.
    func append(_ records: [StateRecord]) throws {
        var lines: [UInt8] = []
        for record in records {
            lines += try WireJSON.bytes(of: record)
            lines.append(UInt8(ascii: "\n"))
        }
        do throws(SystemError) {
            try FileBytes.write(lines, to: journal, named: path)
        } catch {
            // Half a line would hide what is appended after it. (Shrinking a file takes no room.)
            ftruncate(journal, off_t(journalSize))
            throw error
        }
        journalSize += lines.count
    }

    /// Whether the journal has grown enough for ``compact(_:)``.
    var isCompactionDue: Bool { journalSize > compactionSize && !isCompacting }

    /// Begins a new journal and writes the document on a thread; the old journal goes once it is written.
    func compact(_ document: StateDocument, done: @escaping @Sendable ((any Error)?) -> Void) throws {
        var document = document
        let next = journalNumber + 1
        let descriptor = try Self.create(Self.journalPath(path, next))
        document.journal = next
        close(journal)
        journal = descriptor
        let stale = oldestJournal..<next
        journalNumber = next
        journalSize = 0
        isCompacting = true
        let path = path
        let snapshot = document
        NIOThreadPool.singleton.submit { _ in
            do {
                try Self.write(snapshot, to: path)
                for number in stale { unlink(Self.journalPath(path, number)) }
                done(nil)
            } catch {
                done(error)
            }
        }
    }

    /// To be called when ``compact(_:done:)`` is done: failed or not, another may begin.
    func compactionEnded(isDone: Bool) {
        isCompacting = false
        if isDone { oldestJournal = journalNumber }
    }

    /// Writes the whole document, with all that could not be appended, and begins a new journal.
    func rewrite(_ document: StateDocument) throws {
        // One that is being written would take the place of this.
        guard !isCompacting else { throw SystemError(number: EBUSY, operation: "write \(path)") }
        let next = journalNumber + 1
        let descriptor = try Self.create(Self.journalPath(path, next))
        var document = document
        document.journal = next
        do {
            try Self.write(document, to: path)
        } catch {
            close(descriptor)
            unlink(Self.journalPath(path, next))
            throw error
        }
        close(journal)
        journal = descriptor
        for number in oldestJournal..<next { unlink(Self.journalPath(path, number)) }
        (journalNumber, oldestJournal, journalSize) = (next, next, 0)
    }

    /// Writes the whole document and leaves no journal: for the orderly end.
    func finish(_ document: StateDocument) throws {
        var document = document
        let stale = oldestJournal..<journalNumber + 1
        document.journal = journalNumber + 1
        try Self.write(document, to: path)
        for number in stale { unlink(Self.journalPath(path, number)) }
    }

    /// Makes what was appended survive a power cut.
    func synchronise() async throws {
        let descriptor = dup(journal)
        guard descriptor >= 0 else { throw SystemError.last("dup \(path)") }
        try await NIOThreadPool.singleton.runIfActive {
            defer { close(descriptor) }
            guard fdatasync(descriptor) == 0 else { throw SystemError.last("fdatasync") }
        }
    }

    /// Removes what a daemon that was killed in the middle of its writing left and nobody will ever read.
    private static func removeRemains(in directory: String, before journal: Int) {
        guard let opened = opendir(directory) else { return }
        defer { closedir(opened) }
        var remains: [String] = []
        while let entry = readdir(opened) {
            let name = DirectoryEntry.name(entry)
            let isTemporary = name.hasPrefix("..pebble.state.") && name.hasSuffix(".tmp")
            let number = name.hasPrefix(".pebble.state.journal.") ? Int(name.split(separator: ".").last ?? "") : nil
            if isTemporary || number.map({ $0 < journal }) == true { remains.append(name) }
        }
        for name in remains { unlink("\(directory)/\(name)") }
    }

    private static func journalPath(_ path: String, _ number: Int) -> String { "\(path).journal.\(number)" }

    private static func create(_ path: String) throws -> Int32 {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SystemError.last("open \(path)") }
        return descriptor
    }

    private static func write(_ document: StateDocument, to path: String) throws {
        try AtomicFile.write(try WireJSON.bytes(of: document), to: path, mode: 0o600)
    }
}

/// A state file that is not one.
struct StateError: Error, CustomStringConvertible {
    let path: String
    let reason: String

    var description: String {
        "cannot read state file \"\(path)\": \(reason); move it away to start with an empty history"
    }
}
