// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import OneMachine
import Synchronization
import Testing

/// Whether and where the end-to-end test runs.
enum EndToEnd {
    static var environment: [String: String] { ProcessInfo.processInfo.environment }
    static var isWanted: Bool { environment["INDICO_E2E"] == "1" }
}

/// The steps of the one test, with what they have to tell each other, their log and their times.
final class Journey: Sendable {
    let machine: Machine
    let browser: Browser
    private let log: LogFile
    private let times: Mutex<[(String, Duration, Bool)]>
    private let facts = Mutex<[String: String]>([:])

    init(machine: Machine) throws {
        self.machine = machine
        browser = Browser(jar: machine.scratch + "/cookies")
        log = try LogFile(machine.results + "/test.log")
        times = Mutex([])
    }

    /// What one step found out and a later one needs.
    subscript(name: String) -> String {
        get { facts.withLock { $0[name] ?? "" } }
        set { facts.withLock { $0[name] = newValue } }
    }

    /// A step without which the others make no sense: its failure ends the test.
    func step(_ name: String, _ body: (Journey) throws -> Void) throws {
        try record(name, body)
    }

    /// A step the others can do without.
    func attempt(_ name: String, _ body: (Journey) throws -> Void) {
        do {
            try record(name, body)
        } catch {
            Issue.record("\(name): \(error)")
        }
    }

    private func record(_ name: String, _ body: (Journey) throws -> Void) throws {
        note("== \(name)")
        let began = ContinuousClock.now
        var succeeded = false
        defer {
            let took = ContinuousClock.now - began
            times.withLock { $0.append((name, took, succeeded)) }
            note("== \(name): \(succeeded ? "ok" : "FAILED") after \(Self.seconds(took)) s")
            writeTimes()
        }
        do {
            try body(self)
            succeeded = true
        } catch {
            note("   \(error)")
            throw error
        }
    }

    func note(_ text: String) {
        let line = Array("\(Date().formatted(.iso8601)) \(text)\n".utf8)
        log.append(line[...])
        FileDescriptorOutput.standardError.write("\(text)\n")
    }

    private func writeTimes() {
        let text = times.withLock { times in
            times.map { "\(Self.seconds($0.1))\t\($0.2 ? "ok" : "FAILED")\t\($0.0)\n" }.joined()
        }
        // A test whose times cannot be kept is still a test.
        _ = try? FileStore.write(text, to: machine.results + "/timings.tsv", mode: 0o644)
    }

    static func seconds(_ duration: Duration) -> String {
        let tenths = duration.components.seconds * 10 + duration.components.attoseconds / 100_000_000_000_000_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}

/// Why a step failed.
struct Failure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// Fails the step unless it holds.
func ensure(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw Failure(message()) }
}

/// Tries until it gives something, within the time.
func eventually<Value>(_ what: String, within limit: Duration, _ body: () throws -> Value?) throws -> Value {
    let deadline = ContinuousClock.now + limit
    var last: (any Error)?
    while true {
        do {
            if let value = try body() { return value }
        } catch {
            last = error
        }
        guard ContinuousClock.now < deadline else {
            throw Failure("\(what) did not come true within \(limit)\(last.map { ": \($0)" } ?? "")")
        }
        usleep(200_000)
    }
}
