// SPDX-License-Identifier: Apache-2.0
import Glibc
import PebbleAPI
import PebbleClient
import PebbleExamples
import Testing

/// The examples against a daemon.
@Suite struct ClientExampleTests {
    private static let layer = """
        services:
            web:
                override: replace
                startup: enabled
                command: sh -c 'trap "echo again" HUP; echo up; while :; do sleep 0.02; done'
            broken:
                override: replace
                command: sh -c 'echo no; exit 3'
                on-failure: ignore
        """

    @Test func `services are started, restarted and watched`() async throws {
        try await withDaemon(layer: Self.layer) { pebble, _ in
            let started = try startWhatIsDown(at: pebble.socketPath)
            #expect(started == ["web"])
            let again = try startWhatIsDown(at: pebble.socketPath)
            #expect(again.isEmpty)
            #expect(restart("web", pebble).hasSuffix("is Done"))
            #expect(restart("broken", pebble).contains("went wrong"))
            #expect(restart("nobody", pebble).hasPrefix("refused with 400"))
            #expect(restart("web", PebbleClient(socketPath: "/nonexistent")).hasPrefix("is the daemon there?"))

            try pebble.perform(.stop, ["web"])
            var seen: [ChangeStatus] = []
            let change = try startAndWatch("web", pebble) { seen.append($0.status) }
            #expect(change.status == .done)
            #expect(seen.allSatisfy { $0 == .doing || $0 == .toDo || $0 == .done })
        }
    }

    @Test func `commands are run with input, and ended by a signal`() async throws {
        try await withDaemon(layer: "{}") { pebble, _ in
            #expect(try countWords(of: "one two three", pebble) == 3)
            let code = try run(["sh", "-c", "echo ready; exec sleep 60"], until: "ready", pebble)
            #expect(code == 128 + Int(SIGTERM))
        }
    }

    @Test func `a configuration is written once and told to the service, whose output is read`() async throws {
        try await withDaemon(layer: Self.layer) { pebble, directory in
            try pebble.perform(.start, ["web"])
            let up = try firstLine(of: "web", with: "up", pebble)
            #expect(up?.service == "web")
            let path = directory + "/conf/web.conf"
            #expect(try configure("web", path, "port = 80\n", pebble))
            #expect(try !configure("web", path, "port = 80\n", pebble))
            let line = try firstLine(of: "web", with: "again", pebble)
            #expect(line?.message == "again")
        }
    }

    @Test func `a notice is waited for`() async throws {
        try await withDaemon(layer: "{}") { pebble, _ in
            try pebble.addNotice(key: "example.com/backup-done", data: ["size": "7"])
            let first = try waitForBackup(after: nil, pebble)
            #expect(first?.lastData == ["size": "7"])
        }
    }

    @Test func `a task asks without holding up other tasks`() async throws {
        try await withDaemon(layer: Self.layer) { pebble in
            let found = try await services(of: pebble)
            #expect(found.map(\.name) == ["broken", "web"])
        }
    }
}
