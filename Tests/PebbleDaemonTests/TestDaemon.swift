// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import PebbleClient
import Testing

@testable import PebbleDaemon

/// A directory of a test's own, gone with it.
final class TestDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/pebble-daemon.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        // Commands of tests run in it as other users.
        chmod(path, 0o755)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    deinit {
        // Made by mkdtemp above, so it is what it says it is.
        guard path.hasPrefix("/tmp/pebble-daemon.") else { return }
        try? RecursiveRemoval.remove(path)
    }
}

/// A daemon in this process, on a directory of its own, with a client to it.
final class TestDaemon: Sendable {
    let directory: TestDirectory
    let client: PebbleClient
    private let daemon: Daemon
    private let run: Task<Int32, any Error>

    /// Starts a daemon with one layer and waits until it serves requests.
    init(
        layer: String = "{}",
        directory: TestDirectory? = nil,
        _ change: (inout DaemonOptions) -> Void = { $0.holds = true }
    ) async throws {
        let directory = try directory ?? TestDirectory()
        self.directory = directory
        if mkdir(directory.file("layers"), 0o755) != 0, errno != EEXIST { throw SystemError.last("mkdir") }
        try AtomicFile.write(layer, to: directory.file("layers/001-base.yaml"), mode: 0o644, isDurable: false)
        var options = DaemonOptions(environment: [
            "PEBBLE": directory.path, "PATH": "/usr/bin:/bin", "HOME": "/", "LANG": "C.UTF-8",
        ])
        options.ownsProcess = false
        options.isSilent = true
        // The machine may be busy; how soon a client has to connect is not what most tests are about.
        options.execPatience = .seconds(60)
        change(&options)
        let daemon = try Daemon(options)
        self.daemon = daemon
        client = PebbleClient(socketPath: options.socketPath)
        let (signals, continuation) = AsyncStream.makeStream(of: Void.self)
        run = Task {
            defer { continuation.finish() }
            return try await daemon.run { continuation.yield() }
        }
        for await _ in signals { return }
        // It ended before it was ready: its error is the test's.
        _ = try await run.value
    }

    /// Ends the daemon in good order; returns its exit code.
    @discardableResult
    func stop() async throws -> Int32 {
        daemon.stop()
        return try await run.value
    }

    /// Waits for a daemon that ends by itself.
    func exitCode() async throws -> Int32 { try await run.value }

    /// Calls the client, which blocks, on a thread.
    func call<Result: Sendable>(_ body: @escaping @Sendable (PebbleClient) throws -> Result) async throws -> Result {
        let client = client
        return try await withCheckedThrowingContinuation { continuation in
            do {
                try startThread(named: "client") {
                    continuation.resume(with: Swift.Result { try body(client) })
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// Performs a change on services and waits for its end.
    @discardableResult
    func change(_ kind: ServiceCommandKind, _ names: [String] = []) async throws -> ChangeInfo {
        try await call { client in
            let id = try client.begin(kind, names)
            return try client.waitForChange(id, timeout: .seconds(30))
        }
    }

    func service(_ name: String) async throws -> ServiceInfo {
        let found = try await call { try $0.services([name]) }
        return try #require(found.first)
    }
}

/// Looks until something holds, for a good while.
func eventually(
    _ comment: Comment,
    within time: Duration = .seconds(90),
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + time
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record(comment)
}
