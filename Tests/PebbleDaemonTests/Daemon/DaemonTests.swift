// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import PebbleClient
import Testing

@testable import PebbleDaemon

@Suite struct DaemonTests {
    private let sleeper = """
        services:
          one:
            override: replace
            startup: enabled
            command: sh -c "echo hello; exec sleep 1000"
        """

    @Test func `it starts what is enabled, serves and ends`() async throws {
        let daemon = try await TestDaemon(layer: sleeper) { $0.holds = false }
        try await eventually("the service was not started") { try await daemon.service("one").current == .active }
        try await eventually("the log is empty") {
            try await daemon.call { try $0.logs(["one"]) }.map(\.message) == ["hello"]
        }
        #expect(try await daemon.stop() == 0)
        #expect(access(daemon.directory.file(".pebble.socket"), F_OK) != 0)
        #expect(access(daemon.directory.file(".pebble.state"), F_OK) == 0)
    }

    @Test func `history outlives it`() async throws {
        let directory = try TestDirectory()
        let first = try await TestDaemon(layer: sleeper, directory: directory)
        let change = try await first.change(.start, ["one"])
        let notice = try await first.call { try $0.addNotice(key: "example.com/a", data: ["k": "v"]) }
        try await first.stop()

        let second = try await TestDaemon(layer: sleeper, directory: directory)
        #expect(try await second.call { try $0.change(change.id) } == change)
        #expect(try await second.call { try $0.notice(notice) }.lastData == ["k": "v"])
        let next = try await second.change(.stop, ["one"])
        #expect(Int(next.id) ?? 0 > Int(change.id) ?? 0)
        #expect(try await second.service("one").current == .inactive)
        try await second.stop()
    }

    @Test func `without persistence nothing is left on disk`() async throws {
        let daemon = try await TestDaemon(layer: sleeper) {
            $0.holds = true
            $0.isPersistent = false
        }
        try await daemon.change(.start, ["one"])
        try await daemon.stop()
        #expect(access(daemon.directory.file(".pebble.state"), F_OK) != 0)
    }

    @Test func `what a crashed predecessor left running is ended before anything is started`() async throws {
        let directory = try TestDirectory()
        let reaper = try ProcessReaper()
        let script =
            "trap '' TERM; sleep 1000 & echo $! > \(directory.file("child")); echo $$ > \(directory.file("pid")); wait"
        let orphan = try reaper.spawn(
            SpawnRequest(
                executable: "/bin/sh",
                arguments: ["sh", "-c", script],
                environment: ["PATH": "/usr/bin:/bin"]
            )
        )
        try await eventually("the process did not begin") { access(directory.file("pid"), F_OK) == 0 }
        let status = try #require(ProcessTable.status(of: orphan.pid))
        let bystander = try reaper.spawn(
            SpawnRequest(executable: "/bin/sleep", arguments: ["sleep", "1000"], environment: [:])
        )
        let other = try #require(ProcessTable.status(of: bystander.pid))
        let bootID = try Machine.bootID()
        do {
            // What a daemon that was killed leaves on disk.
            let (store, _) = try StateStore.open(directory: directory.path, now: Timestamp(seconds: 1))
            func record(_ name: String, _ status: ProcessStatus, _ startTime: UInt64, _ bootID: String) -> StateRecord {
                .process(
                    ProcessRecord(
                        service: name,
                        pid: status.pid.rawValue,
                        startTime: startTime,
                        bootID: bootID,
                        killDelay: GoDuration(.milliseconds(200))
                    )
                )
            }
            try store.append([
                record("one", status, status.startTime, bootID),
                // The same number, but another process than the one recorded.
                record("two", other, other.startTime - 1, bootID),
                record("three", other, other.startTime, "another boot"),
            ])
        }
        let daemon = try await TestDaemon(layer: sleeper, directory: directory) { $0.holds = false }
        #expect(await orphan.exit() == .signalled(number: SIGKILL))
        let child = String(decoding: try FileBytes.read(directory.file("child")), as: UTF8.self)
        let childID = try #require(Int32(child.split(separator: "\n").first ?? ""))
        try await eventually("the orphan's child still runs") {
            ProcessTable.status(of: ProcessID(rawValue: childID))?.isZombie ?? true
        }
        #expect(bystander.ended == nil)
        try await eventually("the service was not started") { try await daemon.service("one").current == .active }
        try await daemon.stop()
        bystander.send(.kill)
        _ = await bystander.exit()
    }

    @Test func `a second daemon on the same socket is refused, a socket left over is not`() async throws {
        let first = try await TestDaemon()
        let error = await #expect(throws: DaemonError.self) { _ = try await TestDaemon(directory: first.directory) }
        let socket = first.directory.file(".pebble.socket")
        #expect(error?.message == "when trying to listen on \(socket): socket \"\(socket)\" already in use")
        // It still serves.
        #expect(try await first.call { try $0.isHealthy() })
        try await first.stop()

        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socket.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(descriptor)
        let second = try await TestDaemon(directory: first.directory)
        #expect(try await second.call { try $0.isHealthy() })
        try await second.stop()
    }

    @Test func `places that will not do are refused with a reason`() async throws {
        func message(_ change: (inout DaemonOptions) -> Void) async -> String {
            var options = DaemonOptions(environment: ["PEBBLE": "/nonexistent/dir"])
            options.ownsProcess = false
            options.isSilent = true
            change(&options)
            do {
                _ = try await Daemon(options).run()
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(await message { _ in } == "directory \"/nonexistent/dir\" does not exist")
        #expect(
            await message { $0.directory = "relative" } == "directory \"relative\" must be absolute"
        )
        let directory = try TestDirectory()
        let long = await message {
            $0.directory = directory.path
            $0.socketPath = directory.file(String(repeating: "x", count: 100))
        }
        #expect(long.contains("the kernel takes 107"))
    }

    @Test func `an empty directory is filled once`() async throws {
        let source = try TestDirectory()
        #expect(mkdir(source.file("layers"), 0o755) == 0)
        try AtomicFile.write(sleeper, to: source.file("layers/001-base.yaml"), mode: 0o640)
        #expect(symlink("/nowhere/at/all", source.file("link")) == 0)
        let parent = try TestDirectory()
        var options = DaemonOptions(environment: [
            "PEBBLE": parent.file("deep/pebble"), "PEBBLE_COPY_ONCE": source.path, "PEBBLE_PERSIST": "never",
        ])
        options.createsDirectories = true
        try DaemonDirectory.prepare(options)
        let copy = parent.file("deep/pebble/layers/001-base.yaml")
        #expect(String(decoding: try FileBytes.read(copy), as: UTF8.self) == sleeper)
        var information = stat()
        #expect(stat(copy, &information) == 0 && information.st_mode & 0o777 == 0o640)
        #expect(lstat(parent.file("deep/pebble/link"), &information) == 0)
        #expect(information.st_mode & S_IFMT == S_IFLNK)
        try AtomicFile.write("changed", to: copy, mode: 0o640)
        try DaemonDirectory.prepare(options)
        #expect(String(decoding: try FileBytes.read(copy), as: UTF8.self) == "changed")
        #expect(!options.isPersistent)
    }

    @Test func `hostile requests cost a connection and no more`() async throws {
        let daemon = try await TestDaemon()
        let socket = daemon.directory.file(".pebble.socket")
        let attacks: [[UInt8]] = [
            Array("\u{0}\u{1}\u{2}nonsense\r\n\r\n".utf8),
            Array("GET / HTTP/1.1\r\nX: ".utf8) + [UInt8](repeating: 97, count: 200_000),
            Array("POST /v1/exec HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n".utf8),
            Array("POST /v1/services HTTP/1.1\r\nContent-Length: 400000\r\n\r\n".utf8)
                + [UInt8](repeating: UInt8(ascii: "["), count: 400_000),
            Array("GET /v1/tasks/1/websocket/stdio HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n".utf8),
            Array("POST /v1/layers HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".utf8),
        ]
        for attack in attacks {
            let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socket.utf8) }
            let connected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            #expect(connected == 0)
            _ = send(descriptor, attack, attack.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            close(descriptor)
            #expect(try await daemon.call { try $0.isHealthy() })
        }
        try await daemon.stop()
    }

    @Test func `notices can be waited for`() async throws {
        let daemon = try await TestDaemon()
        let waiting = Task {
            try await daemon.call { try $0.notices(types: [.custom], waiting: .seconds(20)) }
        }
        try await daemon.call { _ = try $0.addNotice(key: "example.com/awaited") }
        #expect(try await waiting.value.map(\.key) == ["example.com/awaited"])
        try await daemon.stop()
    }

    @Test(arguments: [
        ("example.com/a", true), ("a.b/c-d/e", true), ("nodomain", false), ("Example.com/x", false), ("a.b/", false),
        ("a-.b/c", false), ("a/b", false),
    ])
    func `keys of notices look like paths of a domain`(key: String, isKey: Bool) {
        #expect(NoticeRules.isKey(key) == isKey)
    }

    @Test(arguments: [
        (":4000", "", 4000), ("127.0.0.1:1", "127.0.0.1", 1), ("[::1]:80", "::1", 80),
    ])
    func `addresses are understood`(text: String, host: String, port: Int) throws {
        let found = try HTTPAddress.parse(text)
        #expect(found.host == host)
        #expect(found.port == port)
        #expect(throws: DaemonError.self) { try HTTPAddress.parse("4000") }
    }

    @Test func `what services wrote that have long been inactive is forgotten, and they can start again`() async throws
    {
        let command = "sh -c 'echo up; sleep 1000'"
        let names = ["one", "two"]
        let layer = "services:\n" + names.map { "  \($0): {override: replace, command: \"\(command)\"}\n" }.joined()
        let daemon = try await TestDaemon(layer: layer) { options in
            options.holds = true
            options.limits.inactiveServices = 1
            options.limits.interval = .milliseconds(100)
        }
        for name in names {
            try await daemon.change(.start, [name])
            try await eventually("no output") { try await !daemon.call { try $0.logs([name]) }.isEmpty }
            try await daemon.change(.stop, [name])
        }
        try await eventually("the older one is remembered") { try await daemon.call { try $0.logs(["one"]) }.isEmpty }
        #expect(try await daemon.call { try $0.logs(["two"]) }.map(\.message) == ["up"])
        #expect(try await daemon.service("one").currentSince == nil)
        #expect(try await !daemon.call { try $0.metrics() }.contains("service=\"one\""))
        let stop = try await daemon.change(.stop, ["one"])
        #expect(stop.tasks.first?.log.first?.contains("has never been started") == true)
        try await daemon.change(.start, ["one"])
        try await eventually("no output") {
            try await daemon.call { try $0.logs(["one"]) }.map(\.message) == ["up"]
        }
        try await daemon.stop()
    }
}
