// SPDX-License-Identifier: Apache-2.0

/// A program to run to its end.
package struct Command: Sendable {
    /// A path, or a name to look up in the environment's `PATH`.
    package var executable: String
    /// What the program is told it is called by; nil for `executable`.
    package var name: String?
    /// What follows the name.
    package var arguments: [String]
    package var environment: [String: String]
    package var directory: String?
    package var identity: SpawnRequest.Identity?
    /// What it reads on its standard input.
    package var input: [UInt8]
    /// After this long its whole group is told to end, and killed when it does not.
    package var timeout: Duration?
    /// How long it has to end by itself when its time is up; zero is no time at all.
    package var killDelay: Duration
    /// Whether what it writes to its standard error comes with its output, in the order written.
    package var joinsStreams: Bool
    /// How much of each stream is kept; more is read and dropped, and ``CommandResult/isCut`` says so.
    package var outputLimit: Int
    /// Whether it is killed when this process dies: see ``SpawnRequest/endsWithParent``.
    package var endsWithParent = false
    /// Where it stands among groups and sessions; at least a group of its own.
    package var standing = SpawnRequest.Standing.ownGroup
    /// Called with its number before it runs: see ``SpawnRequest/beforeExecution``.
    package var beforeExecution: (@Sendable (ProcessID) -> Void)?

    package init(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String],
        directory: String? = nil,
        identity: SpawnRequest.Identity? = nil,
        input: [UInt8] = [],
        timeout: Duration? = nil,
        killDelay: Duration = .seconds(2),
        joinsStreams: Bool = false,
        outputLimit: Int = 16 << 20
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.identity = identity
        self.input = input
        self.timeout = timeout
        self.killDelay = killDelay
        self.joinsStreams = joinsStreams
        self.outputLimit = outputLimit
    }
}

/// What came of a command.
package struct CommandResult: Sendable {
    package var exit: ProcessExit
    package var output: [UInt8]
    package var errorOutput: [UInt8]
    /// Whether there was more output than the limit.
    package var isCut: Bool
    /// Whether the command was ended because its time was up.
    package var isTimedOut: Bool

    package var outputText: String { String(decoding: output, as: UTF8.self) }
    package var errorText: String { String(decoding: errorOutput, as: UTF8.self) }
    /// Whether it exited with 0, in time.
    package var isSuccess: Bool { exit.isSuccess && !isTimedOut }
}

/// Which of a command's streams something came from.
package enum CommandStream: Hashable, Sendable {
    case output
    case error
}
