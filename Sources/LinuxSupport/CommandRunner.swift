// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Runs commands to their end.
package struct CommandRunner: Sendable {
    private let reaper: ProcessReaper

    package init(reaper: ProcessReaper) {
        self.reaper = reaper
    }

    /// Runs a command in its own process group and waits for it.
    ///
    /// `onLine` gets each line as it comes, without its newline, on a thread of its own. Cancelling the task ends the
    /// command as a timeout would, and then throws `CancellationError`.
    ///
    /// A grandchild that keeps the output open holds this up for half a second past the command's end, no longer.
    package func run(
        _ command: Command,
        onLine: (@Sendable (CommandStream, String) -> Void)? = nil
    ) async throws -> CommandResult {
        let path = command.environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        guard let executable = Machine.findExecutable(command.executable, path: path) else {
            throw SystemError(number: ENOENT, operation: "find executable \(command.executable)")
        }
        let run = try CommandRun(command: command, executable: executable, reaper: reaper, onLine: onLine)
        let result = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                do throws(SystemError) {
                    try startThread(named: "command") { continuation.resume(returning: run.complete()) }
                } catch {
                    run.abandon()
                    continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            run.cancel()
        }
        try Task.checkCancellation()
        return result
    }
}
