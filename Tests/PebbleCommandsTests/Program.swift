// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport

/// The program `pebble` as it was built, with a daemon directory of its own.
struct Program: Sendable {
    let directory: String
    private let runner: CommandRunner
    private let executable: String

    /// Runs a closure with a daemon, which is ended after it.
    static func withDaemon(layer: String, _ body: @Sendable (Program) async throws -> Void) async throws {
        let program = try Program()
        defer { try? FileManager.default.removeItem(atPath: program.directory) }
        mkdir(program.directory + "/layers", 0o755)
        try AtomicFile.write(layer, to: program.directory + "/layers/001-test.yaml", mode: 0o644, isDurable: false)
        let (lines, log) = AsyncStream.makeStream(of: String.self)
        let daemon = Task {
            let result = try await program.start(["run", "--hold"]) { _, line in log.yield(line) }
            log.finish()
            return result
        }
        guard await lines.contains(where: { $0.hasSuffix("Started daemon.") }) else {
            throw SystemError(number: EIO, operation: "start the daemon: \(try await daemon.value.errorText)")
        }
        do {
            try await body(program)
        } catch {
            daemon.cancel()
            _ = await daemon.result
            throw error
        }
        daemon.cancel()
        _ = await daemon.result
    }

    /// Makes a directory for a daemon that is not running.
    init() throws {
        var template = Array("/tmp/pebble-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        executable = String(tests[...(tests.lastIndex(of: "/") ?? tests.startIndex)]) + "pebble"
        runner = CommandRunner(reaper: try ProcessReaper(adoptsOrphans: false))
    }

    /// Runs one command line to its end.
    func run(_ arguments: String..., input: String = "") async throws -> (code: Int32, output: String, error: String) {
        let result = try await start(arguments, input: input) { _, _ in }
        return (result.exit.code, result.outputText, result.errorText)
    }

    private func start(
        _ arguments: [String],
        input: String = "",
        onLine: @escaping @Sendable (CommandStream, String) -> Void
    ) async throws -> CommandResult {
        let environment = [
            "PATH": "/usr/bin:/bin", "HOME": directory, "PEBBLE": directory, "TZ": "UTC",
            "XDG_CONFIG_HOME": directory + "/config",
        ]
        let command = Command(
            executable,
            arguments,
            environment: environment,
            input: Array(input.utf8),
            timeout: .seconds(60)
        )
        return try await runner.run(command, onLine: onLine)
    }
}
