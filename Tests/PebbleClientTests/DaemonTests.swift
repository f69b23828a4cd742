// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import PebbleClient
import Synchronization
import Testing

/// One after the other: each has a daemon of its own, and some of what it does has a time limit.
@Suite(.serialized) struct DaemonTests {
    @Test func `services are started, seen, stopped, and their failures told`() async throws {
        let layer = """
            services:
                web: {override: replace, startup: enabled, command: "sh -c 'echo up; exec sleep 1000'", environment: {A: b}}
                bad: {override: replace, command: /nonexistent/program}
            """
        try await withDaemon(layer: layer) { client, _ in
            #expect(try client.services().map(\.name) == ["bad", "web"])
            try client.perform(.autostart)
            #expect(try client.services(["web"]).first?.isRunning == true)
            #expect(try client.logs(["web"]).map(\.message) == ["up"])
            #expect {
                try client.perform(.start, ["bad"])
            } throws: { error in
                "\(error)".contains("cannot start service: fork/exec /nonexistent/program")
            }
            #expect(try client.changes(.all).contains { $0.kind == "start" && $0.error != nil })
            try client.addLayer(label: "more", yaml: "services: {web: {override: merge, environment: {A: c}}}")
            #expect(try client.planYAML().contains("A: c"))
            try client.perform(.replan)
            try client.sendSignal("SIGCONT", to: ["web"])
            try client.perform(.stop, ["web"])
            #expect(try client.services(["web"]).first?.current == .inactive)
            #expect {
                try client.sendSignal("SIGHUP", to: ["web"])
            } throws: { error in
                (error as? PebbleClientError)?.status == 500
            }
            #expect(try client.metrics().contains(#"pebble_service_start_count{service="web"} 2"#))
        }
    }

    @Test func `a change that takes longer than one waits is a timeout, and goes on`() async throws {
        let layer = """
            services:
                stubborn:
                    override: replace
                    command: sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
                    kill-delay: 1h
            """
        try await withDaemon(layer: layer) { client, _ in
            try client.perform(.start, ["stubborn"])
            // Its shell must have got as far as to ignore the signal.
            try client.followLogs(["stubborn"]) { _ in false }
            let change = try client.begin(.stop, ["stubborn"])
            #expect {
                try client.waitForChange(change, timeout: .milliseconds(20))
            } throws: { error in
                if case PebbleClientError.timedOut = error { true } else { false }
            }
            try client.sendSignal("SIGKILL", to: ["stubborn"])
            try client.finishChange(change, timeout: .seconds(60))
            #expect {
                try client.abortChange(change)
            } throws: { error in
                "\(error)" == "cannot abort change \(change) with nothing pending"
            }
        }
    }

    @Test func `checks are listed, run, stopped and started`() async throws {
        let layer = """
            checks:
                good: {override: replace, level: alive, period: 1h, exec: {command: "true"}}
                bad: {override: replace, period: 1h, threshold: 1, exec: {command: sh -c 'echo no; exit 4'}}
            """
        try await withDaemon(layer: layer) { client, _ in
            #expect(try client.isHealthy())
            let refreshed = try client.refreshCheck("bad")
            #expect(refreshed.error == "exit status 4; no")
            #expect(try !client.isHealthy())
            #expect(try client.isHealthy(level: .alive))
            #expect(try client.checks(level: .alive).map(\.name) == ["good"])
            #expect(try client.stopChecks(["bad", "good"]) == ["bad", "good"])
            #expect(try client.startChecks(["good"]) == ["good"])
            #expect(try client.checks(["bad"]).first?.status == .inactive)
        }
    }

    @Test func `files are written, listed, read and removed`() async throws {
        try await withDaemon(layer: "{}") { client, directory in
            let content = (0..<300_000).map { _ in UInt8.random(in: .min ... .max) }
            let path = directory + "/a dir/\"odd\" näme"
            try client.writeFile(path, content, permissions: 0o600, makeParents: true)
            #expect(try client.readFile(path) == content)
            let listed = try #require(try client.listFiles(directory + "/a dir").first)
            #expect(listed.size == 300_000 && listed.permissions == "600" && listed.path == path)
            #expect(try client.listFiles(directory + "/a dir", itself: true).first?.type == .directory)
            // Paths are told without detours, as clients compare them.
            #expect(try client.listFiles(directory + "/./a dir/").map(\.path) == [path])
            try client.makeDirectory(directory + "/x/y", makeParents: true, permissions: 0o700)
            try client.writeFile(directory + "/empty", [])
            #expect(try client.readFile(directory + "/empty") == [])
            try client.remove(directory + "/x", recursive: true)
            let calls: [() throws -> Void] = [
                { _ = try client.readFile(directory + "/gone") },
                { _ = try client.listFiles(directory + "/gone") },
                { try client.remove(directory + "/gone") },
            ]
            #expect(throws: PebbleClientError.self) { try client.listFiles(directory + "\0/gone") }
            #expect(throws: PebbleClientError.self) { try client.readFile("/etc/hostname\0/gone") }
            for call in calls {
                #expect {
                    try call()
                } throws: { error in
                    (error as? PebbleClientError)?.isNotFound == true
                }
            }
        }
    }

    @Test func `notices and identities are kept`() async throws {
        try await withDaemon(layer: "{}") { client, _ in
            let id = try client.addNotice(key: "example.com/x", data: ["a": "b"], repeatAfter: .seconds(60))
            #expect(try client.notice(id).lastData == ["a": "b"])
            #expect(try client.notices(types: [.custom], audience: .all).map(\.id) == [id])
            #expect(try client.notices(keys: ["example.com/never"], waiting: .milliseconds(20)).isEmpty)
            try client.changeIdentities(.add, ["bob": IdentityInfo(access: .read, local: LocalIdentity(userID: 4242))])
            #expect(try client.identities()["bob"]?.access == .read)
            try client.changeIdentities(.remove, ["bob": nil])
            #expect(try client.identities().isEmpty)
        }
    }

    @Test func `following logs ends when told`() async throws {
        let layer = "services: {talk: {override: replace, command: sh -c 'while echo line; do sleep 0.02; done'}}"
        try await withDaemon(layer: layer) { client, _ in
            _ = try client.begin(.start, ["talk"])
            var seen = 0
            try client.followLogs(["talk"]) { entry in
                #expect(entry.message == "line")
                seen += 1
                return seen < 5
            }
            #expect(seen == 5)
        }
    }
}

/// One after the other, as a command's client has but seconds to connect.
@Suite(.serialized) struct ExecTests {
    @Test func `output, errors and exit code come apart`() async throws {
        try await withDaemon(layer: "{}") { client, directory in
            var call = ExecCall(["sh", "-c", "pwd; echo $A; cat; echo err >&2; exit 7"])
            call.workingDirectory = directory
            call.environment = ["A": "ä"]
            call.input = .bytes(Array("input".utf8))
            let outcome = try client.exec(call)
            #expect(outcome.exitCode == 7)
            #expect(String(decoding: outcome.standardOutput, as: UTF8.self) == "\(directory)\nä\ninput")
            #expect(String(decoding: outcome.standardError, as: UTF8.self) == "err\n")
            call.separatesStandardError = false
            let joined = try client.exec(call)
            #expect(joined.standardError.isEmpty)
        }
    }

    @Test func `megabytes go through and come back whole`() async throws {
        try await withDaemon(layer: "{}") { client, _ in
            var call = ExecCall(["cat"])
            let content = (0..<3_000_000).map { _ in UInt8.random(in: .min ... .max) }
            call.input = .bytes(content)
            let outcome = try client.exec(call)
            #expect(outcome.standardOutput == content)
        }
    }

    @Test func `input nobody reads does no harm`() async throws {
        try await withDaemon(layer: "{}") { client, _ in
            var call = ExecCall(["sh", "-c", "exec <&-; echo done"])
            call.input = .bytes([UInt8](repeating: 0, count: 2_000_000))
            let outcome = try client.exec(call)
            #expect(outcome.standardOutput == Array("done\n".utf8))
        }
    }

    @Test func `what cannot run or takes too long is told`() async throws {
        try await withDaemon(layer: "{}") { client, _ in
            #expect {
                try client.exec(ExecCall(["no-such-program"]))
            } throws: { error in
                "\(error)" == #"cannot find executable "no-such-program""#
            }
            var slow = ExecCall(["sleep", "1000"])
            slow.timeout = .milliseconds(50)
            #expect {
                try client.exec(slow)
            } throws: { error in
                "\(error)".contains("timed out after 50ms")
            }
            let killed = try client.exec(ExecCall(["sh", "-c", "kill -9 $$"]))
            #expect(killed.exitCode == 137)
        }
    }

    @Test func `a command that closes its output lives on to its own end`() async throws {
        try await withDaemon(layer: "{}") { client, _ in
            let outcome = try client.exec(ExecCall(["sh", "-c", "exec >&- 2>&-; sleep 0.2; exit 4"]))
            #expect(outcome.exitCode == 4)
        }
    }

    @Test func `a signal reaches the command`() async throws {
        try await withDaemon(layer: "{}") { client, _ in
            let control = try #require(ExecControl())
            let call = ExecCall(["sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done"])
            let code = try client.exec(call, control: control) { _, bytes in
                if bytes == Array("ready\n".utf8) { control.signal("SIGTERM") }
            }
            #expect(code == 9)
        }
    }

    @Test func `a terminal has the size it was given, and is told of a new one`() async throws {
        try await withDaemon(layer: "{}") { client, _ in
            var call = ExecCall([
                "sh", "-c", "stty size; trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.01; done",
            ])
            call.terminal = .init(width: 100, height: 40)
            call.isInteractive = true
            call.separatesStandardError = false
            let (input, keepsOpen) = try pipeEnds()
            defer { for end in [input, keepsOpen] { close(end) } }
            call.input = .descriptor(input)
            let control = try #require(ExecControl())
            var text = ""
            let code = try client.exec(call, control: control) { _, bytes in
                text += String(decoding: bytes, as: UTF8.self)
                if text.hasSuffix("ready\r\n") { control.resize(.init(width: 80, height: 20)) }
            }
            #expect(code == 0)
            #expect(text == "40 100\r\nready\r\n20 80\r\n")
        }
    }

    private func pipeEnds() throws -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemError.last("pipe") }
        return (ends[0], ends[1])
    }
}
