// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import PebbleClient
import Testing

@testable import PebbleDaemon

/// What the layer specification promises of services, with real processes.
@Suite(.serialized) struct SemanticsTests {
    /// How often a service that says so at each start has been started.
    private func starts(_ daemon: TestDaemon, _ service: String = "web") async throws -> Int {
        try await daemon.call { try $0.logs([service], count: nil) }.filter { $0.message == "started" }.count
    }

    @Test func `an exit within the first second is a failed start that shows the last output, and is acted on`()
        async throws
    {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web: {override: replace, command: sh -c "echo started; echo oh no; exit 3", backoff-delay: 50ms}
                """
        )
        var change = try await daemon.change(.start, ["web"])
        // On a busy machine a second may pass before the process has come to its end.
        for _ in 0..<10 where change.status == .done {
            try await daemon.change(.stop, ["web"])
            change = try await daemon.change(.start, ["web"])
        }
        #expect(change.status == .error)
        let reason = "service start attempt: exited quickly with code 3, will restart"
        #expect(change.error == "cannot perform the following tasks:\n- Start service \"web\" (\(reason))")
        #expect(change.tasks.first?.log.first?.contains("    started\n    oh no") == true)
        try await eventually("it was not tried again") { try await starts(daemon) >= 3 }
        try await daemon.stop()
    }

    @Test func `delays between restarts grow, up to the limit`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web:
                    override: replace
                    command: sh -c "date +%s%N; exit 1"
                    backoff-delay: 100ms
                    backoff-factor: 3
                    backoff-limit: 400ms
                """
        )
        try await daemon.change(.start, ["web"])
        var times: [Int64] = []
        try await eventually("it was not restarted often enough") {
            times = try await daemon.call { try $0.logs(["web"], count: nil) }.compactMap { Int64($0.message) }
            return times.count >= 5
        }
        let gaps = zip(times, times.dropFirst()).map { Duration.nanoseconds($1 - $0) }
        // Never earlier than the delay says; how much later is the machine's business.
        for (gap, least) in zip(gaps, [100, 300, 400, 400]) { #expect(gap >= .milliseconds(least)) }
        try await daemon.stop()
    }

    @Test(arguments: [
        ("on-success: ignore", "exit 0", ServiceStatus.inactive), ("on-failure: ignore", "exit 1", .error),
    ])
    func `what is to be ignored is`(action: String, end: String, status: ServiceStatus) async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web:
                    override: replace
                    command: sh -c "echo started; sleep 1.2; \(end)"
                    backoff-delay: 10ms
                    \(action)
                """
        )
        #expect(try await daemon.change(.start, ["web"]).status == .done)
        try await eventually("it does not show as \(status)") { try await daemon.service("web").current == status }
        // Three times the back-off, in which it would have come back.
        try await Task.sleep(for: .milliseconds(100))
        #expect(try await starts(daemon) == 1)
        try await daemon.stop()
    }

    @Test(arguments: [
        ("on-success: shutdown", "exit 0", Int32(0)), ("on-success: failure-shutdown", "exit 0", 10),
        ("on-failure: shutdown", "exit 1", 10), ("on-failure: success-shutdown", "exit 1", 0),
    ])
    func `how the daemon ends is what the service says`(action: String, end: String, code: Int32) async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web: {override: replace, startup: enabled, command: sh -c "\(end)", \(action)}
                  other: {override: replace, startup: enabled, command: sleep 1000}
                """
        ) { $0.holds = false }
        #expect(try await daemon.exitCode() == code)
    }

    @Test(arguments: [("shutdown", Int32(11)), ("success-shutdown", 0)])
    func `a failed check ends the daemon as the service says`(action: String, code: Int32) async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web: {override: replace, command: sleep 1000, on-check-failure: {up: \(action)}}
                checks:
                  up: {override: replace, startup: disabled, period: 30ms, threshold: 2, exec: {command: "false"}}
                """
        )
        #expect(try await daemon.change(.start, ["web"]).status == .done)
        _ = try await daemon.call { try $0.startChecks(["up"]) }
        #expect(try await daemon.exitCode() == code)
    }

    @Test func `a failed check that is to be ignored changes nothing`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web:
                    override: replace
                    command: sh -c "echo started; exec sleep 1000"
                    on-check-failure: {up: ignore}
                checks:
                  up: {override: replace, startup: disabled, period: 20ms, threshold: 1, exec: {command: "false"}}
                """
        )
        try await daemon.change(.start, ["web"])
        _ = try await daemon.call { try $0.startChecks(["up"]) }
        try await eventually("the check did not go on failing") {
            try await daemon.call { try $0.checks(["up"]) }.first?.failures ?? 0 >= 3
        }
        #expect(try await starts(daemon) == 1)
        #expect(try await daemon.service("web").current == .active)
        try await daemon.stop()
    }

    @Test func `a check counts up to its threshold before it is down, and starts only if it is enabled`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                checks:
                  quick: {override: replace, period: 20ms, threshold: 3, exec: {command: "false"}}
                  idle: {override: replace, startup: disabled, period: 20ms, threshold: 1, exec: {command: "false"}}
                """
        )
        var seen: [(status: CheckStatus, failures: Int)] = []
        try await eventually("the check did not go down") {
            let check = try #require(try await daemon.call { try $0.checks(["quick"]) }.first)
            seen.append((check.status, check.failures))
            return check.status == .down
        }
        #expect(seen.allSatisfy { ($0.status == .down) == ($0.failures >= 3) })
        #expect(try await daemon.call { try $0.checks(["idle"]) }.first?.status == .inactive)
        try await daemon.stop()
    }

    @Test func `a restart stops what was named only, and starts what it requires`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web: {override: replace, command: sh -c "echo started; exec sleep 1000", requires: [db], after: [db]}
                  db: {override: replace, command: sh -c "echo started; exec sleep 1000"}
                """
        )
        try await daemon.change(.start, ["web"])
        let change = try await daemon.change(.restart, ["web"])
        #expect(change.status == .done)
        #expect(change.tasks.map(\.summary).first == "Stop service \"web\"")
        try await eventually("it was not started again") { try await starts(daemon, "web") == 2 }
        #expect(try await starts(daemon, "db") == 1)
        // What requires it goes with it.
        #expect(try await daemon.change(.stop, ["db"]).status == .done)
        #expect(try await daemon.service("web").current == .inactive)
        try await daemon.stop()
    }

    @Test func `a replan takes the dependents of what changed along, and starts again those that are enabled`()
        async throws
    {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  db: {override: replace, startup: enabled, command: sh -c "echo started; exec sleep 1000"}
                  web:
                    override: replace
                    startup: enabled
                    command: sh -c "echo started; exec sleep 1000"
                    requires: [db]
                    after: [db]
                """
        )
        try await daemon.change(.autostart)
        try await daemon.call {
            try $0.addLayer(label: "new", yaml: "services: {db: {override: merge, environment: {A: b}}}")
        }
        #expect(try await daemon.change(.replan).status == .done)
        for name in ["db", "web"] {
            try await eventually("\(name) was not started again") { try await starts(daemon, name) == 2 }
        }
        try await daemon.stop()
    }

    @Test func `a change is told of when it begins and as its status changes`() async throws {
        let daemon = try await TestDaemon(
            layer: "services: {web: {override: replace, command: sleep 1000}}"
        )
        let change = try await daemon.change(.start, ["web"])
        let notices = try await daemon.call { try $0.notices(types: [.changeUpdate]) }
        let notice = try #require(notices.first { $0.key == change.id })
        #expect(notice.userID == nil)
        #expect(notice.lastData == ["kind": "start"])
        // Do, Doing, Done.
        #expect(notice.occurrences == 3)
        try await daemon.stop()
    }
}
