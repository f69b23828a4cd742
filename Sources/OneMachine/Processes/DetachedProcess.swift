// SPDX-License-Identifier: Apache-2.0
import Glibc
package import LinuxSupport

/// Starts a process that outlives the one that starts it: its own session, no terminal, output to a file.
package enum DetachedProcess {
    @discardableResult
    package static func start(
        _ executable: String,
        _ arguments: [String],
        environment: [String: String],
        output path: String
    ) throws(SystemError) -> ProcessID {
        let output = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw SystemError.last("open \(path)") }
        defer { close(output) }
        return try ProcessSpawner.spawn(
            SpawnRequest(
                executable: executable,
                arguments: [executable] + arguments,
                environment: environment,
                directory: "/",
                standing: .ownSession,
                fileModeMask: 0o022,
                standardOutput: output,
                standardError: output
            )
        )
    }
}
