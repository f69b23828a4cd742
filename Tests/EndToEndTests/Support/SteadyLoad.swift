// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import OneMachine
import Synchronization

/// Visitors that come at a steady pace whether or not the last one has been served, and what became of them.
final class SteadyLoad: Sendable {
    struct Result: Sendable {
        var asked = 0
        var failures: [String] = []
    }

    private let result = Mutex(Result())
    private let openVisits = Mutex(0)
    private let isStopped = Mutex(false)

    /// Asks for each path in turn, one connection per request.
    init(paths: [String], interval: Duration) throws {
        let microseconds = UInt32(interval.components.attoseconds / 1_000_000_000_000)
        try startThread(named: "load") { [self] in
            var turn = 0
            while !isStopped.withLock({ $0 }) {
                let path = paths[turn % paths.count]
                turn += 1
                openVisits.withLock { $0 += 1 }
                do {
                    try startThread(named: "visitor") { [self] in
                        visit(path)
                        openVisits.withLock { $0 -= 1 }
                    }
                } catch {
                    result.withLock { $0.failures.append("\(error)") }
                    openVisits.withLock { $0 -= 1 }
                }
                usleep(microseconds)
            }
        }
    }

    private func visit(_ path: String) {
        let status = HomePage().status(of: path, timeout: .seconds(60))
        result.withLock { result in
            result.asked += 1
            guard let status, HomePage.isServed(status) else {
                result.failures.append("\(path): \(status.map(String.init) ?? "no answer")")
                return
            }
        }
    }

    /// What became of those served so far.
    var current: Result { result.withLock { $0 } }

    /// Ends it and waits for the last visitor.
    func stop() throws -> Result {
        isStopped.withLock { $0 = true }
        _ = try eventually("the last visitor", within: .seconds(90)) {
            self.openVisits.withLock { $0 } == 0 ? true : nil
        }
        return result.withLock { $0 }
    }
}
