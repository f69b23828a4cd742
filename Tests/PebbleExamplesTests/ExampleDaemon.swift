// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport
import PebbleClient
import PebbleDaemon

/// Runs a daemon of ours in this process, in a directory of its own, for as long as a closure takes.
func withDaemon(layer: String, _ body: @Sendable (PebbleClient) async throws -> Void) async throws {
    var template = Array("/tmp/pebble-examples-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp") }
    let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    mkdir(directory + "/layers", 0o755)
    try AtomicFile.write(layer, to: directory + "/layers/001-test.yaml", mode: 0o644, isDurable: false)
    var options = DaemonOptions(environment: ["PATH": "/usr/bin:/bin", "HOME": directory, "PEBBLE": directory])
    options.holds = true
    options.isSilent = true
    options.ownsProcess = false
    let settled = options
    let (ready, readiness) = AsyncStream.makeStream(of: (@Sendable () -> Void).self)
    let daemon = Task {
        let code = await runDaemon(settled) { stop in readiness.yield(stop) }
        readiness.finish()
        return code
    }
    guard let stop = await ready.first(where: { _ in true }) else {
        throw SystemError(number: EIO, operation: "start a daemon, which ended with \(await daemon.value)")
    }
    let outcome: Result<Void, any Error>
    do {
        outcome = .success(try await body(PebbleClient(socketPath: directory + "/.pebble.socket")))
    } catch {
        outcome = .failure(error)
    }
    stop()
    _ = await daemon.value
    try outcome.get()
}

/// Likewise for what blocks, on a thread of its own: the daemon needs the threads that tests run on.
func withDaemon(
    layer: String,
    _ body: @escaping @Sendable (PebbleClient, _ directory: String) throws -> Void
) async throws {
    try await withDaemon(layer: layer) { client in
        let directory = client.socketPath.split(separator: "/").dropLast().map { "/\($0)" }.joined()
        try await withCheckedThrowingContinuation { continuation in
            do throws(SystemError) {
                try startThread(named: "client") {
                    continuation.resume(with: Result { try body(client, directory) })
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}
