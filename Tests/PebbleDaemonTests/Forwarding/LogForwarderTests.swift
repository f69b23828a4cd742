// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import PebbleAPI
import PebblePlan
import Testing

@testable import PebbleDaemon

/// A forwarder with the log of one service, written by the test, and a sink.
private struct Bench: Sendable {
    let sink: LogSink
    let log: ServiceLog
    let forwarder: LogForwarder

    /// Patient with answers, as the machine may be busy; one that times out might have been heard all the same.
    static func timing(request: Duration = .seconds(20), ending: Duration = .seconds(20)) -> ForwardingTiming {
        ForwardingTiming(
            collecting: .milliseconds(20),
            request: request,
            firstRetry: .milliseconds(20),
            longestRetry: .milliseconds(100),
            ending: ending
        )
    }

    init(before: [String] = [], timing: ForwardingTiming = Self.timing()) async throws {
        sink = try await LogSink()
        log = ServiceLog(service: "web", now: { Timestamp.now() })
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let configuration = try Self.configuration(sink: sink, log: log, loop: loop, timing: timing)
        forwarder = LogForwarder(loop: loop, configuration: configuration, timing: timing, note: { _ in })
        write(before)
        forwarder.follow(configuration)
    }

    static func configuration(
        sink: LogSink,
        log: ServiceLog,
        loop: any EventLoop,
        timing: ForwardingTiming
    ) throws -> LogForwarder.Configuration {
        let location = "http://127.0.0.1:\(sink.port)/loki/api/v1/push"
        let destination = HTTPLogDestination(
            loop: loop,
            tls: TLSClient(),
            url: try WebURL(location),
            timeout: timing.request,
            version: "1",
            contentType: LokiFormat.contentType,
            encode: LokiFormat.body
        )
        return LogForwarder.Configuration(
            target: LogTarget(name: "sink", type: .loki, location: location),
            destination: destination,
            logs: [log],
            labels: [:]
        )
    }

    func write(_ lines: [String]) {
        guard !lines.isEmpty else { return }
        Array((lines.joined(separator: "\n") + "\n").utf8).withUnsafeBytes { log.append($0) }
    }
}

@Suite(.serialized) struct LogForwarderTests {
    /// Compared here, as a report of thousands of lines that differ helps nobody.
    private func isSame(_ found: [String], _ expected: [String]) -> Bool { found == expected }

    private func lines(_ prefix: String, _ count: Int) -> [String] { (0..<count).map { "\(prefix) \($0)" } }

    @Test func `what was there before the target, and what comes after, is sent once and in order`() async throws {
        let bench = try await Bench(before: lines("before", 3))
        try await eventually("the first lines did not come") { bench.sink.lines.count == 3 }
        bench.write(lines("after", 250))
        try await eventually("the rest did not come") { bench.sink.lines.count == 253 }
        #expect(isSame(bench.sink.texts, lines("before", 3) + lines("after", 250)))
        #expect(bench.sink.problems.isEmpty)
        #expect(bench.sink.lines.allSatisfy { $0.labels == ["pebble_service": "web"] })
        await bench.forwarder.finish()
        #expect(bench.forwarder.counts == ForwardingCounts(sent: 253, lost: 0))
    }

    @Test(arguments: [LogSink.Mood.answering(503), .answering(429), .silent, .hangingUp])
    func `a target out of sorts loses nothing that there is room for`(mood: LogSink.Mood) async throws {
        let isSilent = mood == .silent
        let bench = try await Bench(timing: Bench.timing(request: .seconds(isSilent ? 3 : 20)))
        bench.write(lines("one", 10))
        try await eventually("the first lines did not come") { bench.sink.lines.count == 10 }
        bench.sink.become(mood)
        let asked = bench.sink.requests
        // In several pieces, so that some are in flight and some wait.
        let pieces = isSilent ? 1 : 5
        for piece in 0..<pieces {
            bench.write(lines("two \(piece)", 100))
            try await eventually("it was not asked again") { bench.sink.requests > asked + piece }
        }
        bench.sink.become(.taking)
        try await eventually("the lines did not come") { bench.sink.lines.count >= 10 + pieces * 100 }
        await bench.forwarder.finish()
        let expected = lines("one", 10) + (0..<pieces).flatMap { lines("two \($0)", 100) }
        #expect(isSame(bench.sink.texts, expected))
        #expect(bench.forwarder.counts == ForwardingCounts(sent: expected.count, lost: 0))
    }

    @Test func `a target that is not there gets all once it is`() async throws {
        let bench = try await Bench()
        try await bench.sink.goAway()
        bench.write(lines("line", 200))
        // Time for a few refusals; however many there were, all comes in the end.
        try await Task.sleep(for: .milliseconds(100))
        #expect(bench.sink.lines.isEmpty)
        try await bench.sink.comeBack()
        try await eventually("the lines did not come") { bench.sink.lines.count >= 200 }
        #expect(isSame(bench.sink.texts, lines("line", 200)))
        await bench.forwarder.finish()
        #expect(bench.forwarder.counts.lost == 0)
        try await bench.sink.goAway()
    }

    @Test func `what is more than there is room for is lost, and every line of it counted`() async throws {
        let bench = try await Bench()
        bench.sink.become(.answering(503))
        bench.write(lines("held", 10))
        try await eventually("it was not asked") { bench.sink.requests > 0 }
        // About a megabyte, of which the service's log keeps a tenth.
        for piece in 0..<100 { bench.write(lines("flood \(piece)", 200)) }
        bench.sink.become(.taking)
        try await eventually("the last line did not come") { bench.sink.texts.last == "flood 99 199" }
        await bench.forwarder.finish()
        let counts = bench.forwarder.counts
        #expect(counts.sent == bench.sink.lines.count)
        #expect(counts.sent + counts.lost == 20_010)
        #expect(counts.lost > 10_000)
        // What was in flight was kept, and what came through is in order.
        #expect(Array(bench.sink.texts.prefix(10)) == lines("held", 10))
        let all = lines("held", 10) + (0..<100).flatMap { lines("flood \($0)", 200) }
        #expect(isSame(bench.sink.texts, lines("held", 10) + all.suffix(counts.sent - 10)))
    }

    @Test func `what a target refuses for good is counted and held up by nobody`() async throws {
        let bench = try await Bench()
        bench.sink.become(.answering(400))
        bench.write(lines("bad", 5))
        try await eventually("it was not refused") { bench.forwarder.counts.lost == 5 }
        bench.sink.become(.taking)
        bench.write(lines("good", 5))
        try await eventually("the good ones did not come") { bench.sink.texts == lines("good", 5) }
        await bench.forwarder.finish()
    }

    @Test func `the end sends what is left, and waits for a dead target no longer than it may`() async throws {
        let bench = try await Bench()
        bench.write(lines("last", 20))
        await bench.forwarder.finish()
        #expect(bench.sink.texts == lines("last", 20))

        let other = try await Bench(timing: Bench.timing(ending: .milliseconds(500)))
        other.sink.become(.silent)
        other.write(lines("left", 20))
        await other.forwarder.finish()
        #expect(other.forwarder.counts == ForwardingCounts(sent: 0, lost: 20))
    }
}
