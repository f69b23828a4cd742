// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport
import PebbleClient
import Testing

@testable import PebbleDaemon

/// The program `pebble`, as it is built beside the tests, run in a process with what it writes kept in files.
final class RunningProgram: Sendable {
    let child: ChildProcess
    let client: PebbleClient
    let directory: TestDirectory
    private let reaper: ProcessReaper

    /// Where the program is.
    static func path() throws -> String {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return tests.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/pebble"
    }

    /// Starts a program with `pebble`'s arguments; `wrapper` is a command that is to run it, if one is.
    init(
        _ directory: TestDirectory,
        layer: String? = nil,
        arguments: [String] = ["run"],
        environment more: [String: String] = [:],
        wrapper: [String] = []
    ) throws {
        self.directory = directory
        if let layer {
            if mkdir(directory.file("layers"), 0o755) != 0, errno != EEXIST { throw SystemError.last("mkdir") }
            try AtomicFile.write(layer, to: directory.file("layers/001-base.yaml"), mode: 0o644, isDurable: false)
        }
        var environment = ["PEBBLE": directory.path, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/"]
        environment.merge(more) { _, new in new }
        let command = wrapper + [try Self.path()] + arguments
        let output = try Self.create(directory.file("stdout"))
        defer { close(output) }
        let errors = try Self.create(directory.file("stderr"))
        defer { close(errors) }
        let executable = try #require(Machine.findExecutable(command[0], path: environment["PATH"] ?? ""))
        reaper = try ProcessReaper()
        child = try reaper.spawn(
            SpawnRequest(
                executable: executable,
                arguments: command,
                environment: environment,
                standardOutput: output,
                standardError: errors
            )
        )
        client = PebbleClient(
            socketPath: environment["PEBBLE_SOCKET"] ?? "\(environment["PEBBLE"] ?? "")/.pebble.socket"
        )
    }

    private static func create(_ path: String) throws -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemError.last("open \(path)") }
        return descriptor
    }

    /// What it wrote so far.
    var output: String { text("stdout") }
    var errors: String { text("stderr") }

    private func text(_ name: String) -> String {
        (try? FileBytes.read(directory.file(name))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Calls the client, which blocks, on a thread.
    func call<Result: Sendable>(_ body: @escaping @Sendable (PebbleClient) throws -> Result) async throws -> Result {
        let client = client
        return try await withCheckedThrowingContinuation { continuation in
            do {
                try startThread(named: "client") { continuation.resume(with: Swift.Result { try body(client) }) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    func waitUntilReady() async throws {
        try await eventually("the program does not answer: \(errors)") {
            (try? await call { try $0.systemInfo() }) != nil
        }
    }

    /// Ends it with a signal; returns how it ended.
    func stop(_ signal: Signal = .terminate) async -> ProcessExit {
        child.send(signal)
        return await child.exit()
    }
}
