// SPDX-License-Identifier: Apache-2.0
public import PebbleAPI

/// How an entry of a layer combines with the entry of the same name below it.
public enum Override: Hashable, Sendable {
    /// What it sets is laid over what is there.
    case merge
    /// It takes the place of what is there.
    case replace
    /// A word that means nothing; refused when layers are combined.
    case unknown(String)

    /// Makes it from its word.
    public init(_ word: String) {
        switch word {
        case "merge": self = .merge
        case "replace": self = .replace
        default: self = .unknown(word)
        }
    }

    /// The word for it in YAML.
    public var word: String {
        switch self {
        case .merge: "merge"
        case .replace: "replace"
        case .unknown(let word): word
        }
    }
}

/// What happens when a service ends or one of its checks fails.
public enum ServiceAction: String, Hashable, Sendable, CaseIterable {
    /// Start it again, after a growing delay.
    case restart
    /// Shut the daemon down; a failure makes it exit with an error.
    case shutdown
    /// Shut the daemon down and report failure although the service succeeded.
    case failureShutdown = "failure-shutdown"
    /// Shut the daemon down and report success although the service failed.
    case successShutdown = "success-shutdown"
    /// Leave it.
    case ignore
}

/// A service of a layer or plan: only what was set; ``Service/effectiveKillDelay`` and its like give the defaults.
public struct Service: Hashable, Sendable {
    /// The name of the service.
    public var name: String
    /// What it is, in a line.
    public var summary: String?
    /// What it is, at length.
    public var description: String?
    /// Whether it starts with the daemon; anything but `enabled` counts as disabled.
    public var startup: ServiceStartup?
    /// How it combines with layers below; nil is an error when layers are combined.
    public var override: Override?
    /// The command line: words with quotes, and default arguments in brackets at the end.
    public var command: String?
    /// Services that start before this one, if they start together with it.
    public var after: [String] = []
    /// Services that start after this one, if they start together with it.
    public var before: [String] = []
    /// Services without which this one must not run.
    public var requires: [String] = []
    /// The workload whose user and environment it takes.
    public var workload: String?
    /// Variables added to the daemon's environment.
    public var environment: [String: String] = [:]
    /// The number of the user it runs as.
    public var userID: Int?
    /// The name of the user it runs as.
    public var user: String?
    /// The number of the group it runs as.
    public var groupID: Int?
    /// The name of the group it runs as.
    public var group: String?
    /// Where it runs.
    public var workingDirectory: String?
    /// What to do when it ends with code 0.
    public var onSuccess: ServiceAction?
    /// What to do when it ends otherwise.
    public var onFailure: ServiceAction?
    /// What to do when a check fails, by check.
    public var onCheckFailure: [String: ServiceAction] = [:]
    /// The first delay before it is started again.
    public var backoffDelay: Duration?
    /// By what the delay grows.
    public var backoffFactor: Double?
    /// The longest delay.
    public var backoffLimit: Duration?
    /// How long it has to end after being asked to.
    public var killDelay: Duration?

    /// Makes a service with nothing set but the given.
    public init(name: String, override: Override? = nil, command: String? = nil) {
        self.name = name
        self.override = override
        self.command = command
    }
}

extension Service {
    /// Who it runs as, as far as it says so itself.
    public var ownership: Ownership {
        Ownership(userID: userID, user: user, groupID: groupID, group: group)
    }
    /// Whether it starts with the daemon.
    public var isEnabled: Bool { startup == .enabled }
    /// What to do when it ends with code 0.
    public var effectiveOnSuccess: ServiceAction { onSuccess ?? .restart }
    /// What to do when it ends otherwise.
    public var effectiveOnFailure: ServiceAction { onFailure ?? .restart }
    /// The first delay before it is started again.
    public var effectiveBackoffDelay: Duration { (backoffDelay ?? .milliseconds(500)).countable }
    /// By what the delay grows.
    public var effectiveBackoffFactor: Double { min(backoffFactor ?? 2, 1_000_000) }
    /// The longest delay.
    public var effectiveBackoffLimit: Duration { (backoffLimit ?? .seconds(30)).countable }
    /// How long it has to end after being asked to.
    public var effectiveKillDelay: Duration { (killDelay ?? .seconds(5)).countable }
}

extension Duration {
    /// This duration as a timer can count it: not negative, and no longer than a hundred years.
    package var countable: Duration {
        max(.zero, min(self, .seconds(100 * 365 * 86_400)))
    }
}
