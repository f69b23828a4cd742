// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import Synchronization
import Testing

@Suite struct ProcessSpawnerTests {
    let reaper: ProcessReaper

    init() throws {
        reaper = try ProcessReaper()
    }

    /// Runs a shell script and returns what it printed.
    private func output(of script: String, _ change: (inout SpawnRequest) -> Void = { _ in }) async throws -> String {
        let directory = try TemporaryDirectory()
        let path = directory.file("out")
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
        defer { close(descriptor) }
        var request = SpawnRequest(
            executable: "/bin/sh",
            arguments: ["sh", "-c", script],
            environment: ["PATH": "/usr/bin:/bin"],
            standardOutput: descriptor,
            standardError: descriptor
        )
        change(&request)
        _ = try await reaper.spawn(request).exit()
        return String(decoding: try FileBytes.read(path), as: UTF8.self)
    }

    @Test func `the child leads its own group, or its own session`() async throws {
        let script = "read line < /proc/$$/stat; echo $$ $line"
        for standing in [SpawnRequest.Standing.ownGroup, .ownSession] {
            let text = try await output(of: script) { $0.standing = standing }
            let pid = try #require(text.split(separator: " ").first)
            let status = try #require(ProcessStatus(statLine: String(text.dropFirst(pid.count + 1))))
            #expect(status.group == status.pid)
            #expect((status.session == status.pid) == (standing == .ownSession))
        }
    }

    @Test func `no descriptor but the three reaches the child`() async throws {
        // Deliberately without close-on-exec.
        let stray = open("/dev/null", O_RDONLY)
        defer { close(stray) }
        let text = try await output(of: "ls /proc/self/fd")
        // The fourth is ls's own, for the directory.
        #expect(text.split(separator: "\n") == ["0", "1", "2", "3"])
    }

    @Test func `the number is known before the program runs`() async throws {
        let directory = try TemporaryDirectory()
        let (mark, order) = (directory.file("ran"), directory.file("order"))
        let text = try await output(of: "echo $$; echo > \(mark)") {
            $0.beforeExecution = { pid in
                // The program would be fast enough for this many looks.
                for _ in 0..<20 where access(mark, F_OK) == 0 { return }
                try? AtomicFile.write("\(pid)\n", to: order, mode: 0o600)
            }
        }
        #expect(text == String(decoding: try FileBytes.read(order), as: UTF8.self))
        #expect(access(mark, F_OK) == 0)
    }

    @Test func `a program that was just written is run, though another child still has it open`() async throws {
        let directory = try TemporaryDirectory()
        let program = directory.file("program")
        let writer = open(program, O_CREAT | O_WRONLY | O_CLOEXEC, 0o755)
        #expect(write(writer, "#!/bin/sh\nexit 7\n", 17) == 17)
        // Of its own, as this one is busy with the first child.
        let second = try ProcessReaper()
        let exit = Mutex<Task<ProcessExit, any Error>?>(nil)
        _ = try await output(of: "true") {
            $0.beforeExecution = { _ in
                close(writer)
                let request = SpawnRequest(executable: program, arguments: [program], environment: [:])
                exit.withLock { $0 = Task.detached { try await second.spawn(request).exit() } }
                usleep(100_000)
            }
        }
        let task = try #require(exit.withLock { $0 })
        #expect(try await task.value == .exited(code: 7))
    }

    @Test func `a child gets the limit of descriptors it is to have`() async throws {
        #expect(try await output(of: "ulimit -Sn") { $0.descriptorLimit = 77 } == "77\n")
    }

    @Test func `a child that is to end with its parent does, and another goes on`() async throws {
        let outer = try ProcessReaper()
        // A thread that ends stands for a process that does: to the kernel it is the same.
        let children = try await withCheckedThrowingContinuation { continuation in
            do {
                try startThread(named: "parent") {
                    continuation.resume(
                        with: Result {
                            try [true, false].map { ends in
                                var request = SpawnRequest(
                                    executable: "/bin/sleep",
                                    arguments: ["sleep", "1000"],
                                    environment: [:]
                                )
                                request.endsWithParent = ends
                                return try outer.spawn(request)
                            }
                        }
                    )
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
        #expect(await children[0].exit() == .signalled(number: SIGKILL))
        children[1].send(.terminate)
        #expect(await children[1].exit() == .signalled(number: SIGTERM))
    }

    @Test func `environment, directory and mask are the ones asked for`() async throws {
        let text = try await output(of: "echo $GREETING; pwd; umask") {
            $0.environment["GREETING"] = "hello"
            $0.directory = "/usr/bin"
            $0.fileModeMask = 0o027
        }
        #expect(text == "hello\n/usr/bin\n0027\n")
    }

    @Test(.enabled(if: geteuid() == 0, "only root may become somebody else"))
    func `identity and groups are changed before the directory`() async throws {
        let text = try await output(of: "id -u; id -g; id -G") {
            $0.identity = SpawnRequest.Identity(userID: 65534, groupID: 65534, groups: [65534, 4])
        }
        #expect(text == "65534\n65534\n65534 4\n")
        let error = #expect(throws: SystemError.self) {
            try ProcessSpawner.spawn(
                SpawnRequest(
                    executable: "/bin/true",
                    arguments: ["true"],
                    environment: [:],
                    directory: "/root",
                    identity: SpawnRequest.Identity(userID: 65534, groupID: 65534)
                )
            )
        }
        #expect(error?.description == "chdir /root: permission denied")
    }

    @Test func `a terminal becomes the controlling one`() async throws {
        let terminal = try PseudoTerminal()
        defer { close(terminal.controller) }
        try terminal.resize(columns: 91, rows: 17)
        let child = try reaper.spawn(
            SpawnRequest(
                executable: "/bin/sh",
                arguments: ["sh", "-c", "stty size < /dev/tty"],
                environment: ["PATH": "/usr/bin:/bin"],
                standing: .ownSession,
                controllingTerminal: terminal.terminal,
                standardInput: terminal.terminal,
                standardOutput: terminal.terminal,
                standardError: terminal.terminal
            )
        )
        close(terminal.terminal)
        var buffer = [UInt8](repeating: 0, count: 100)
        let count = read(terminal.controller, &buffer, buffer.count)
        #expect(String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self) == "17 91\r\n")
        #expect(await child.exit() == .exited(code: 0))
    }

    @Test func `what exec refuses is an error with its number`() throws {
        let error = #expect(throws: SystemError.self) {
            try ProcessSpawner.spawn(
                SpawnRequest(executable: "/nonexistent/binary", arguments: ["x"], environment: [:])
            )
        }
        #expect(error?.description == "fork/exec /nonexistent/binary: no such file or directory")
    }

    @Test func `signals ignored here are not ignored there`() async throws {
        let before = signal(SIGUSR2, SIG_IGN)
        defer { signal(SIGUSR2, before) }
        let text = try await output(of: "kill -USR2 $$; echo survived")
        #expect(text.isEmpty)
    }
}
