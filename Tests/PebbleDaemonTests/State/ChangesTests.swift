// SPDX-License-Identifier: Apache-2.0
import PebbleAPI
import PebbleClient
import Testing

@testable import PebbleDaemon

/// What clients may ask of changes.
@Suite struct ChangesTests {
    private let layer = """
        services:
          db: {override: replace, command: sleep 1000}
          web: {override: replace, command: sleep 1000, requires: [db], after: [db]}
        """

    /// The whole answer to a GET, by a client that gives no time of its own.
    private func get(_ target: String, _ daemon: TestDaemon) async throws -> String {
        let path = daemon.directory.file(".pebble.socket")
        return try await daemon.call { _ in
            let client = try RawClient(path)
            try client.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return try client.receiveReply()
        }
    }

    @Test func `a time to wait that is over already waits for nobody, and none at all is no limit`() async throws {
        let daemon = try await TestDaemon(
            layer: """
                services:
                  web:
                    override: replace
                    command: sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
                    kill-delay: 1h
                """
        )
        try await daemon.change(.start, ["web"])
        // Its shell must have got as far as to ignore the signal.
        try await daemon.call { try $0.followLogs(["web"]) { _ in false } }
        let id = try await daemon.call { try $0.begin(.stop, ["web"]) }
        for time in ["-1s", "-1ns", "-300h"] {
            let late = try await get("/v1/changes/\(id)/wait?timeout=\(time)", daemon)
            #expect(late.hasPrefix("HTTP/1.1 504 "))
            #expect(late.contains("timed out waiting for change after -"))
        }
        await #expect(throws: PebbleClientError.self) {
            try await daemon.call { try $0.waitForChange(id, timeout: .zero) }
        }
        for time in ["-1s", "0s", "1ms"] {
            let notices = try await get("/v1/notices?types=custom&timeout=\(time)", daemon)
            #expect(notices.hasPrefix("HTTP/1.1 200 ") && notices.contains("\"result\":[]"))
        }
        for time in ["0s", "0"] {
            async let done = get("/v1/changes/\(id)/wait?timeout=\(time)", daemon)
            try await daemon.call { client in _ = try? client.sendSignal("SIGKILL", to: ["web"]) }
            let answer = try await done
            #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("\"status\":\"Done\""))
        }
        let error = try await get("/v1/changes/\(id)/wait?timeout=soon", daemon)
        #expect(error.hasPrefix("HTTP/1.1 400 "))
        try await daemon.stop()
    }

    @Test func `however short a wait is, it ends`() async throws {
        let daemon = try await TestDaemon(layer: layer)
        let id = try await daemon.call { try $0.begin(.start, ["web"]) }
        for time in ["1ns", "1us", "20us", "100us", "1ms"] {
            for _ in 0..<20 {
                let notices = try await get("/v1/notices?types=custom&timeout=\(time)", daemon)
                #expect(notices.hasPrefix("HTTP/1.1 200 "))
                let change = try await get("/v1/changes/\(id)/wait?timeout=\(time)", daemon)
                #expect(change.hasPrefix("HTTP/1.1 504 ") || change.contains("\"ready\":true"))
            }
        }
        try await daemon.stop()
    }

    @Test func `a change is found by the services that were asked for, not by those that come along`() async throws {
        let daemon = try await TestDaemon(layer: layer)
        try await daemon.change(.start, ["web"])
        try await daemon.change(.restart, ["db"])
        try await daemon.change(.stop, ["db"])
        for (service, kinds) in [("web", ["start"]), ("db", ["restart", "stop"])] {
            let found = try await daemon.call { try $0.changes(.all, service: service) }
            #expect(found.map(\.kind) == kinds)
        }
        try await daemon.stop()
    }
}
