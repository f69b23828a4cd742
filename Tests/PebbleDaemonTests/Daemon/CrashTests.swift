// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport
import PebbleAPI
import PebbleClient
import Testing

@testable import PebbleDaemon

/// The program `pebble`, as it is built beside the tests, in a process of its own.
private final class PebbleProcess: Sendable {
    let child: ChildProcess
    let client: PebbleClient
    private let reaper: ProcessReaper

    init(_ directory: TestDirectory) async throws {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = tests.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/pebble"
        reaper = try ProcessReaper()
        child = try reaper.spawn(
            SpawnRequest(
                executable: program,
                arguments: ["pebble", "run"],
                environment: ["PEBBLE": directory.path, "PATH": "/usr/bin:/bin"]
            )
        )
        let client = PebbleClient(socketPath: directory.file(".pebble.socket"))
        self.client = client
        try await eventually("the program does not answer") { (try? client.systemInfo()) != nil }
    }
}

@Suite struct CrashTests {
    private func pid(in file: String) async throws -> ProcessID {
        var found: Int32?
        try await eventually("no pid in \(file)") {
            let text = (try? FileBytes.read(file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            found = Int32(text.split(separator: "\n").first ?? "")
            return found != nil
        }
        return ProcessID(rawValue: try #require(found))
    }

    private func isGone(_ pid: ProcessID) -> Bool { ProcessTable.status(of: pid)?.isZombie ?? true }

    @Test func `a daemon killed without notice leaves its successor nothing it does not deal with`() async throws {
        let directory = try TestDirectory()
        let file = directory.file("pid")
        #expect(mkdir(directory.file("layers"), 0o755) == 0)
        let layer = """
            services:
              web:
                override: replace
                startup: enabled
                command: sh -c "trap '' TERM; echo $$ > \(file); while :; do sleep 0.05; done"
                kill-delay: 300ms
            """
        try AtomicFile.write(layer, to: directory.file("layers/001-base.yaml"), mode: 0o644)
        let first = try await PebbleProcess(directory)
        let orphan = try await pid(in: file)
        let client = first.client
        try await eventually("the start is not done") { try client.changes(.ready).count == 1 }
        first.child.send(.kill)
        #expect(await first.child.exit() == .signalled(number: SIGKILL))
        #expect(!isGone(orphan))
        unlink(file)

        let second = try await PebbleProcess(directory)
        // It answers only once its predecessor's processes are gone.
        #expect(isGone(orphan))
        #expect(try await pid(in: file) != orphan)
        #expect(try second.client.changes(.all).first?.kind == "autostart")
        second.child.send(.terminate)
        #expect(await second.child.exit() == .exited(code: 0))
        #expect(isGone(try await pid(in: file)))
    }

    @Test func `what commands of clients and checks have started goes with a daemon that is killed`() async throws {
        let directory = try TestDirectory()
        #expect(mkdir(directory.file("layers"), 0o755) == 0)
        let family = { @Sendable (name: String) in
            "set -m; sh -c 'echo $$ > \(directory.file(name)); exec sleep 1000' & sleep 1000 & wait"
        }
        try AtomicFile.write(family("check"), to: directory.file("check.sh"), mode: 0o644)
        let layer = """
            checks:
              family:
                override: replace
                period: 60s
                timeout: 60s
                startup: disabled
                exec: {command: sh \(directory.file("check.sh"))}
            """
        try AtomicFile.write(layer, to: directory.file("layers/001-base.yaml"), mode: 0o644)
        let first = try await PebbleProcess(directory)
        let client = first.client
        // Both wait until the daemon is gone, and fail then.
        try startThread(named: "exec") { _ = try? client.exec(ExecCall(["sh", "-c", family("exec")])) }
        try startThread(named: "check") { _ = try? client.refreshCheck("family") }
        let descendants = [
            try await pid(in: directory.file("exec")), try await pid(in: directory.file("check")),
        ]
        first.child.send(.kill)
        #expect(await first.child.exit() == .signalled(number: SIGKILL))

        let second = try await PebbleProcess(directory)
        for descendant in descendants { #expect(isGone(descendant)) }
        second.child.send(.terminate)
        #expect(await second.child.exit() == .exited(code: 0))
    }

    @Test func `what a command has started goes with a daemon that ends`() async throws {
        let directory = try TestDirectory()
        let pebble = try await PebbleProcess(directory)
        let client = pebble.client
        let script = "sh -c 'echo $$ > \(directory.file("exec")); exec sleep 1000' & wait"
        try startThread(named: "exec") { _ = try? client.exec(ExecCall(["sh", "-c", script])) }
        let descendant = try await pid(in: directory.file("exec"))
        pebble.child.send(.terminate)
        #expect(await pebble.child.exit() == .exited(code: 0))
        try await eventually("what it started still runs") { isGone(descendant) }
    }

    @Test func `orphans of services are reaped`() async throws {
        let directory = try TestDirectory()
        #expect(mkdir(directory.file("layers"), 0o755) == 0)
        let layer = """
            services:
              web:
                override: replace
                startup: enabled
                command: sh -c "(setsid sh -c 'echo $$ > \(directory.file("pid"))' &); exec sleep 1000"
            """
        try AtomicFile.write(layer, to: directory.file("layers/001-base.yaml"), mode: 0o644)
        let pebble = try await PebbleProcess(directory)
        let orphan = try await pid(in: directory.file("pid"))
        try await eventually("the orphan is still there") { ProcessTable.status(of: orphan) == nil }
        pebble.child.send(.terminate)
        #expect(await pebble.child.exit() == .exited(code: 0))
    }
}
