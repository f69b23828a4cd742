// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import Synchronization
import Testing

@testable import UnitAgent

/// The agent is killed after each single statement that changes something, and what it left is looked at.
@Suite struct CrashPointTests {
    /// What the statements came to when nothing interrupted them.
    private final class Course: Sendable {
        /// The model after each commit, the empty one first, and the number of the statement that committed it.
        let commits = Mutex<[(statement: Int, model: String)]>([])
        let count = Mutex(0)
    }

    /// How many agents are killed, evenly spread over the statements; `make test` kills one after each.
    private static let wanted = getenv("INDICO_OPERATOR_CRASH_POINTS").flatMap { Int(String(cString: $0)) } ?? 24

    private static func unit() throws -> (TestUnit, CrashScenario) {
        let unit = try TestUnit(hooks: CrashScenario.hooks, metadata: CrashScenario.metadata)
        return (unit, CrashScenario(path: unit.directory.path, tool: try TestUnit.product("hook-tool")))
    }

    @Test func `killed after any statement, the agent leaves the model before or after, and goes on to the same end`()
        async throws
    {
        let (unit, scenario) = try Self.unit()
        let course = Course()
        try await scenario.run { statement, isDone in
            guard isDone else { return }
            let number = course.count.withLock { count in
                count += 1
                return count
            }
            // The lock of the store is held, but not of the file.
            guard statement.hasSuffix("COMMIT"), let model = try? scenario.dump() else { return }
            course.commits.withLock { $0.append((number, model)) }
        }
        let (total, commits) = (course.count.withLock { $0 }, course.commits.withLock { $0 })
        #expect(Self.order(unit.events) == CrashScenario.events)
        let end = try scenario.settled()
        let stride = max(1, total / Self.wanted)
        // The points differ from run to run by where they begin, so that in time all are visited.
        let points = Array(Swift.stride(from: Int.random(in: 1...stride), through: total, by: stride))
        var next = points[...]
        try await withThrowingTaskGroup(of: Void.self) { group in
            let add = { (group: inout ThrowingTaskGroup<Void, any Error>) in
                guard let point = next.popFirst() else { return }
                group.addTask {
                    let before = commits.last { $0.statement <= point }?.model
                    try await Self.die(after: point, leaving: before, reaching: end)
                }
            }
            for _ in 0..<2 { add(&group) }
            while try await group.next() != nil { add(&group) }
        }
        print("crash points: \(points.count) of \(total) statements, \(commits.count) of them commits")
    }

    private static func die(after point: Int, leaving model: String?, reaching end: String) async throws {
        let (unit, scenario) = try unit()
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = scenario.path as String, tool = scenario.tool as String, point = point as Int] in
            let count = Mutex(0)
            try await CrashScenario(path: path, tool: tool).run { _, isDone in
                guard isDone else { return }
                let isTime = count.withLock { count in
                    count += 1
                    return count == point
                }
                if isTime { kill(getpid(), SIGKILL) }
            }
        }
        if let model { compare(try scenario.dump(), model, "killed after statement \(point)") }
        // What is left of a hook that was running ends by itself or is killed by the next agent; then all goes on.
        try await scenario.run { _, _ in }
        compare(try scenario.settled(), end, "gone on after statement \(point)")
        withExtendedLifetime(unit) {}
    }

    /// Expects two dumps to be the same; what differs is shown line by line.
    private static func compare(_ found: String, _ expected: String, _ when: String) {
        let (found, expected) = (found.split(separator: "\n"), expected.split(separator: "\n"))
        let difference = found.difference(from: expected).map { change in
            switch change {
            case .insert(_, let line, _): "+\(line)"
            case .remove(_, let line, _): "-\(line)"
            }
        }
        #expect(difference.isEmpty, "\(when): \(difference.joined(separator: "\n"))")
    }

    /// The hooks in the order they first came.
    private static func order(_ events: [String]) -> [String] {
        var order: [String] = []
        for event in events where !order.contains(event) { order.append(event) }
        return order
    }
}
