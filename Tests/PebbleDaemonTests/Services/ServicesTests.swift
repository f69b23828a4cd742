// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import PebbleClient
import Testing

@testable import PebbleDaemon

@Suite struct ServicesTests {
    /// The process of a service, by what it printed first.
    private func pid(_ daemon: TestDaemon, _ service: String, line: Int = 0) async throws -> ProcessID {
        var found: Int32?
        try await eventually("the service printed no pid") {
            let lines = try await daemon.call { try $0.logs([service], count: nil) }.map(\.message)
            found = lines.count > line ? Int32(lines[line]) : nil
            return found != nil
        }
        return ProcessID(rawValue: try #require(found))
    }

    private func isGone(_ pid: ProcessID) -> Bool { ProcessTable.status(of: pid)?.isZombie ?? true }

    @Test func `what is required starts first and stops last`() async throws {
        let directory = try TestDirectory()
        let log = directory.file("order")
        // A script in a file, as two kinds of quotes in a line of YAML are one too many.
        let script = "echo start-$1 >> \(log)\ntrap 'echo stop-$1 >> \(log); exit' TERM\nwhile :; do sleep 0.02; done\n"
        try AtomicFile.write(script, to: directory.file("script"), mode: 0o644)
        let command = "sh \(directory.file("script"))"
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web: {override: replace, command: \(command) web, requires: [db], after: [db]}
                  db: {override: replace, command: \(command) db}
                """,
            directory: directory
        )
        let start = try await daemon.change(.start, ["web"])
        #expect(start.status == .done)
        #expect(start.summary == "Start service \"web\" and 1 more")
        #expect(try await daemon.change(.stop, ["db"]).status == .done)
        let text = String(decoding: try FileBytes.read(log), as: UTF8.self)
        #expect(text == "start-db\nstart-web\nstop-web\nstop-db\n")
        try await daemon.stop()
    }

    @Test func `a failed start holds what was to start after it`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web: {override: replace, command: sleep 1000, requires: [db], after: [db]}
                  db: {override: replace, command: /nonexistent/program}
                """
        )
        let change = try await daemon.change(.start, ["web"])
        #expect(change.status == .error)
        #expect(change.tasks.map(\.status) == [.error, .hold])
        let reason = "cannot start service: fork/exec /nonexistent/program: no such file or directory"
        #expect(change.error == "cannot perform the following tasks:\n- Start service \"db\" (\(reason))")
        #expect(try await daemon.service("web").current == .inactive)
        try await daemon.stop()
    }

    @Test func `what dies is started again`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web:
                    override: replace
                    command: sh -c "echo $$; exec sleep 1000"
                    backoff-delay: 100ms
                """
        )
        try await daemon.change(.start, ["web"])
        let first = try await pid(daemon, "web")
        #expect(ProcessTable.signal(first, .kill))
        let second = try await pid(daemon, "web", line: 1)
        #expect(second != first)
        try await eventually("the service is not active again") { try await daemon.service("web").current == .active }
        try await daemon.stop()
        #expect(isGone(second))
    }

    @Test func `what ignores the request to end is killed after its time`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web:
                    override: replace
                    command: sh -c "trap '' TERM; echo $$; while :; do sleep 0.05; done"
                    kill-delay: 200ms
                """
        )
        try await daemon.change(.start, ["web"])
        let process = try await pid(daemon, "web")
        let change = try await daemon.change(.stop, ["web"])
        #expect(change.status == .done)
        #expect(isGone(process))
        try await daemon.stop()
    }

    @Test func `what a dead service leaves behind does not outlive it`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web:
                    override: replace
                    command: sh -c "sleep 1000 & echo $!; echo $$; wait"
                    backoff-delay: 100ms
                    kill-delay: 300ms
                """
        )
        try await daemon.change(.start, ["web"])
        let child = try await pid(daemon, "web")
        let master = try await pid(daemon, "web", line: 1)
        #expect(ProcessTable.signal(master, .kill))
        try await eventually("the child of the dead service still runs") { isGone(child) }
        try await daemon.stop()
    }

    @Test func `a replan restarts what changed and nothing else`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  one: {override: replace, command: 'sh -c "echo $$; exec sleep 1000"', startup: enabled}
                  two: {override: replace, command: 'sh -c "echo $$; exec sleep 1000"', startup: enabled}
                """
        )
        try await daemon.change(.autostart)
        let (one, two) = (try await pid(daemon, "one"), try await pid(daemon, "two"))
        try await daemon.call {
            try $0.addLayer(label: "new", yaml: "services: {two: {override: merge, environment: {A: b}}}")
        }
        #expect(try await daemon.change(.replan).status == .done)
        #expect(!isGone(one))
        #expect(isGone(two))
        #expect(try await daemon.service("two").current == .active)
        try await daemon.stop()
    }

    @Test(arguments: [("on-failure", "exit 1", Int32(10)), ("on-success", "exit 0", 0)])
    func `a service can end the daemon`(key: String, end: String, code: Int32) async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web: {override: replace, startup: enabled, command: 'sh -c "\(end)"', \(key): shutdown}
                """
        ) { $0.holds = false }
        #expect(try await daemon.exitCode() == code)
    }

    @Test func `signals reach the main process`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web:
                    override: replace
                    command: sh -c "trap 'echo got it' USR1; echo ready; while :; do sleep 0.02; done"
                """
        )
        try await daemon.change(.start, ["web"])
        try await daemon.call { try $0.sendSignal("SIGUSR1", to: ["web"]) }
        try await eventually("the signal did not arrive") {
            try await daemon.call { try $0.logs(["web"]) }.contains { $0.message == "got it" }
        }
        let error = await #expect(throws: PebbleClientError.self) {
            try await daemon.call { try $0.sendSignal("NOPE", to: ["web"]) }
        }
        #expect(error?.description.contains("invalid signal name") == true)
        try await daemon.stop()
    }

    @Test func `followed logs come as they are written, of services started later too`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web:
                    override: replace
                    command: sh -c "for i in 1 2 3; do echo line $i; sleep 0.05; done; exec sleep 1000"
                """
        )
        let following = Task {
            try await daemon.call { client in
                var lines: [String] = []
                try client.followLogs(["web"]) { entry in
                    lines.append(entry.message)
                    return lines.count < 3
                }
                return lines
            }
        }
        try await daemon.change(.start, ["web"])
        #expect(try await following.value == ["line 1", "line 2", "line 3"])
        try await daemon.stop()
    }
}
