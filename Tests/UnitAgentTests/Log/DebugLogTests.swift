// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import Testing

@testable import UnitAgent

@Suite struct DebugLogTests {
    private func log(_ directory: TemporaryDirectory, limit: Int = 1 << 20) throws -> DebugLog {
        try DebugLog(path: directory.path + "/debug.log", unit: "my-app/3", limit: limit) { Timestamp(seconds: 3661) }
    }

    @Test func `a record has the shape of Juju's`() throws {
        let directory = try TemporaryDirectory()
        try log(directory).write(.warning, "unit.my-app/3.juju-log", "two\nlines")
        #expect(directory.read("debug.log") == "unit-my-app-3: 01:01:01 WARNING unit.my-app/3.juju-log two\nlines\n")
    }

    @Test func `a log that grew is put aside, and a tail reaches back into it`() throws {
        let directory = try TemporaryDirectory()
        let log = try log(directory, limit: 200)
        for number in 0..<8 { log.write(.info, "test", "line \(number)") }
        #expect(directory.read("debug.log.1").utf8.count > 200)
        #expect(directory.read("debug.log").utf8.count <= 200)
        let again = try self.log(directory)
        #expect(again.tail(8).lines.compactMap { $0.split(separator: " ").last } == (0..<8).map { "\($0)" })
    }

    @Test func `a follower gets each line once, from where it was`() throws {
        let log = try log(TemporaryDirectory())
        log.write(.info, "test", "one")
        let (_, next) = log.tail(0)
        log.write(.info, "test", "two")
        let (lines, end) = log.lines(from: next)
        #expect(lines.map { $0.hasSuffix("two") } == [true])
        #expect(log.lines(from: end).lines.isEmpty)
    }
}
