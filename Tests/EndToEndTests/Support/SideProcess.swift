// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import OneMachine

/// A server of the test's own, which the installation knows nothing of, ended with it.
final class SideProcess {
    let pid: ProcessID

    init(_ words: [String], executable: String? = nil, account: Account? = nil, input: Int32? = nil, log: String) throws
    {
        let output = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw SystemError.last("open \(log)") }
        defer { close(output) }
        let identity =
            geteuid() == 0 ? account.map { SpawnRequest.Identity(userID: $0.userID, groupID: $0.groupID) } : nil
        pid = try ProcessSpawner.spawn(
            SpawnRequest(
                executable: executable ?? words[0],
                arguments: words,
                environment: ["PATH": SetupCommand.path, "LANG": "C.UTF-8"],
                directory: "/",
                identity: identity,
                standing: .ownGroup,
                standardInput: input,
                standardOutput: output,
                standardError: output
            )
        )
    }

    deinit {
        ProcessTable.signalGroup(pid, .kill)
        var status: Int32 = 0
        waitpid(pid.rawValue, &status, 0)
    }

    /// A port nobody holds.
    static func freePort(from first: UInt16, for purpose: String) throws -> UInt16 {
        for port in first..<first + 100 where WantedPort(port, purpose: purpose).isFree() { return port }
        throw Failure("no port is free for \(purpose)")
    }
}
