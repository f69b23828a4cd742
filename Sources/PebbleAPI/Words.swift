// SPDX-License-Identifier: Apache-2.0

/// A word of the API that a newer server may extend: any text is kept, the known ones have names.
public protocol OpenWord: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible
where RawValue == String {
    /// Makes the word from its text.
    init(rawValue: String)
}

extension OpenWord {
    /// The text of the word.
    public var description: String { rawValue }
}

/// Whether a service is started with the daemon.
public struct ServiceStartup: OpenWord {
    /// The text of the word.
    public let rawValue: String
    /// Makes the word from its text.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// Started with the daemon.
    public static let enabled = Self(rawValue: "enabled")
    /// Started on request only.
    public static let disabled = Self(rawValue: "disabled")
}

/// What a service is doing.
public struct ServiceStatus: OpenWord {
    /// The text of the word.
    public let rawValue: String
    /// Makes the word from its text.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// Starting or running.
    public static let active = Self(rawValue: "active")
    /// Not running, and not about to.
    public static let inactive = Self(rawValue: "inactive")
    /// Waiting to be started again after it ended.
    public static let backoff = Self(rawValue: "backoff")
    /// Ended in failure and left so.
    public static let error = Self(rawValue: "error")
}

/// Where a change or a task stands.
public struct ChangeStatus: OpenWord {
    /// The text of the word.
    public let rawValue: String
    /// Makes the word from its text.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// Not to be done, since something before it failed.
    public static let hold = Self(rawValue: "Hold")
    /// To be done.
    public static let toDo = Self(rawValue: "Do")
    /// Under way.
    public static let doing = Self(rawValue: "Doing")
    /// Done.
    public static let done = Self(rawValue: "Done")
    /// To be stopped while under way.
    public static let abort = Self(rawValue: "Abort")
    /// To be undone.
    public static let undo = Self(rawValue: "Undo")
    /// Being undone.
    public static let undoing = Self(rawValue: "Undoing")
    /// Undone.
    public static let undone = Self(rawValue: "Undone")
    /// Failed.
    public static let error = Self(rawValue: "Error")
    /// Waiting for something outside.
    public static let wait = Self(rawValue: "Wait")

    /// Whether nothing more will happen.
    public var isReady: Bool {
        self == .done || self == .undone || self == .hold || self == .error
    }
}

/// What the health of a check counts for.
public struct CheckLevel: OpenWord {
    /// The text of the word.
    public let rawValue: String
    /// Makes the word from its text.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// Whether the workload lives.
    public static let alive = Self(rawValue: "alive")
    /// Whether the workload takes traffic.
    public static let ready = Self(rawValue: "ready")
}

/// Whether a check runs from the start.
public struct CheckStartup: OpenWord {
    /// The text of the word.
    public let rawValue: String
    /// Makes the word from its text.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// Runs as soon as it is in the plan.
    public static let enabled = Self(rawValue: "enabled")
    /// Runs on request only.
    public static let disabled = Self(rawValue: "disabled")
}

/// What a check says.
public struct CheckStatus: OpenWord {
    /// The text of the word.
    public let rawValue: String
    /// Makes the word from its text.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// Fewer failures in a row than its threshold.
    public static let up = Self(rawValue: "up")
    /// As many failures in a row as its threshold, or more.
    public static let down = Self(rawValue: "down")
    /// Not running.
    public static let inactive = Self(rawValue: "inactive")
}

/// What a path is.
public struct FileKind: OpenWord {
    /// The text of the word.
    public let rawValue: String
    /// Makes the word from its text.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// A regular file.
    public static let file = Self(rawValue: "file")
    /// A directory.
    public static let directory = Self(rawValue: "directory")
    /// A symbolic link.
    public static let symlink = Self(rawValue: "symlink")
    /// A Unix socket.
    public static let socket = Self(rawValue: "socket")
    /// A named pipe.
    public static let namedPipe = Self(rawValue: "named-pipe")
    /// A device.
    public static let device = Self(rawValue: "device")
    /// Something else.
    public static let unknown = Self(rawValue: "unknown")
}

/// What a notice tells of.
public struct NoticeType: OpenWord {
    /// The text of the word.
    public let rawValue: String
    /// Makes the word from its text.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// A change began or changed its status.
    public static let changeUpdate = Self(rawValue: "change-update")
    /// Something a client recorded.
    public static let custom = Self(rawValue: "custom")
    /// Something an operator should look at.
    public static let warning = Self(rawValue: "warning")
}

/// What an identity may do.
public struct IdentityAccess: OpenWord {
    /// The text of the word.
    public let rawValue: String
    /// Makes the word from its text.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// Everything.
    public static let admin = Self(rawValue: "admin")
    /// Read what is not sensitive.
    public static let read = Self(rawValue: "read")
    /// Read the metrics only.
    public static let metrics = Self(rawValue: "metrics")
    /// Open endpoints only.
    public static let untrusted = Self(rawValue: "untrusted")
}

/// A word that tells programs apart what went wrong.
public struct ErrorKind: OpenWord {
    /// The text of the word.
    public let rawValue: String
    /// Makes the word from its text.
    public init(rawValue: String) { self.rawValue = rawValue }
    /// The caller has no access.
    public static let loginRequired = Self(rawValue: "login-required")
    /// No service is enabled, so there is none to start by default.
    public static let noDefaultServices = Self(rawValue: "no-default-services")
    /// The path is not there.
    public static let notFound = Self(rawValue: "not-found")
    /// The daemon may not touch the path.
    public static let permissionDenied = Self(rawValue: "permission-denied")
    /// Any other trouble with a path.
    public static let genericFileError = Self(rawValue: "generic-file-error")
    /// The daemon is about to restart.
    public static let daemonRestart = Self(rawValue: "daemon-restart")
    /// The system is about to restart.
    public static let systemRestart = Self(rawValue: "system-restart")
}
