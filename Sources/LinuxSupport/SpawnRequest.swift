// SPDX-License-Identifier: Apache-2.0

/// Everything a new process is to be.
///
/// The executable is a path: nothing is looked up here. Descriptors stay the caller's, who closes them afterwards.
package struct SpawnRequest: Sendable {
    /// Where the process stands among groups and sessions.
    package enum Standing: Sendable {
        /// In the caller's group and session.
        case inherited
        /// Leader of a new process group.
        case ownGroup
        /// Leader of a new session, and so of a group.
        case ownSession
    }

    /// Whom the process runs as.
    package struct Identity: Hashable, Sendable {
        package var userID: UInt32
        package var groupID: UInt32
        /// The supplementary groups; set only when the caller is root, as nobody else may.
        package var groups: [UInt32]

        package init(userID: UInt32, groupID: UInt32, groups: [UInt32]? = nil) {
            self.userID = userID
            self.groupID = groupID
            self.groups = groups ?? [groupID]
        }
    }

    package var executable: String
    /// The arguments, the first being the name the process sees itself called by.
    package var arguments: [String]
    package var environment: [String: String]
    /// Changed to after the identity is; nil inherits.
    package var directory: String?
    package var identity: Identity?
    package var standing: Standing
    /// Descriptor of a terminal that becomes the controlling one; needs `ownSession`.
    package var controllingTerminal: Int32?
    package var fileModeMask: UInt32?
    /// How many descriptors it may open before it raises that itself; nil inherits.
    package var descriptorLimit: UInt64?
    /// Whether it is killed when this process dies, or just the thread that starts it.
    package var endsWithParent = false
    /// Called with the number of the new process before that runs the new program, which it never does if this process
    /// dies before the call returns.
    ///
    /// On the thread that starts it.
    package var beforeExecution: (@Sendable (ProcessID) -> Void)?
    /// Descriptors for 0, 1 and 2; nil is `/dev/null`.
    ///
    /// All others are closed.
    package var standardInput: Int32?
    package var standardOutput: Int32?
    package var standardError: Int32?

    package init(
        executable: String,
        arguments: [String],
        environment: [String: String],
        directory: String? = nil,
        identity: Identity? = nil,
        standing: Standing = .ownGroup,
        controllingTerminal: Int32? = nil,
        fileModeMask: UInt32? = nil,
        standardInput: Int32? = nil,
        standardOutput: Int32? = nil,
        standardError: Int32? = nil
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.identity = identity
        self.standing = standing
        self.controllingTerminal = controllingTerminal
        self.fileModeMask = fileModeMask
        self.standardInput = standardInput
        self.standardOutput = standardOutput
        self.standardError = standardError
    }
}
