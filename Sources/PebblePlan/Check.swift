// SPDX-License-Identifier: Apache-2.0
public import PebbleAPI

/// A health check of a layer or plan: only what was set; ``Check/effectivePeriod`` and its like give the defaults.
public struct Check: Hashable, Sendable {
    /// The name of the check.
    public var name: String
    /// How it combines with layers below; nil is an error when layers are combined.
    public var override: Override?
    /// What its health counts for.
    public var level: CheckLevel?
    /// Whether it runs from the start.
    public var startup: CheckStartup?
    /// How often it runs.
    public var period: Duration?
    /// How long one run may take.
    public var timeout: Duration?
    /// How many failures in a row mean down.
    public var threshold: Int?
    /// Asks a web server.
    public var http: HTTPCheck?
    /// Opens a connection.
    public var tcp: TCPCheck?
    /// Runs a command.
    public var exec: ExecCheck?

    /// Makes a check with nothing set but the given.
    public init(name: String, override: Override? = nil) {
        self.name = name
        self.override = override
    }
}

extension Check {
    /// Whether it runs from the start.
    public var isEnabled: Bool { startup != .disabled }
    /// How often it runs: a millisecond apart at least, or there would be time for nothing else.
    public var effectivePeriod: Duration { max((period ?? .seconds(10)).countable, .milliseconds(1)) }
    /// How long one run may take: never longer than the period.
    public var effectiveTimeout: Duration { min((timeout ?? .seconds(3)).countable, effectivePeriod) }
    /// How many failures in a row mean down.
    public var effectiveThreshold: Int { max(threshold ?? 3, 1) }
    /// What it does to find out.
    public var probe: CheckProbe? {
        if let http { return .http(http) }
        if let tcp { return .tcp(tcp) }
        return exec.map { .exec($0) }
    }
}

/// What a check does to find out.
public enum CheckProbe: Hashable, Sendable {
    /// Asks a web server.
    case http(HTTPCheck)
    /// Opens a connection.
    case tcp(TCPCheck)
    /// Runs a command.
    case exec(ExecCheck)

    /// The word for it in summaries of changes.
    public var word: String {
        switch self {
        case .http: "HTTP"
        case .tcp: "TCP"
        case .exec: "exec"
        }
    }
}

/// A check that is fine when a web server answers 2xx.
public struct HTTPCheck: Hashable, Sendable {
    /// Where to ask.
    public var url: String?
    /// What to send along.
    public var headers: [String: String] = [:]

    /// Makes the check.
    public init(url: String? = nil, headers: [String: String] = [:]) {
        self.url = url
        self.headers = headers
    }
}

/// A check that is fine when a connection opens.
public struct TCPCheck: Hashable, Sendable {
    /// Which port to connect to.
    public var port: Int?
    /// Which host to connect to; nil for `localhost`.
    public var host: String?

    /// Makes the check.
    public init(port: Int? = nil, host: String? = nil) {
        self.port = port
        self.host = host
    }

    /// Which host to connect to.
    public var effectiveHost: String { host ?? "localhost" }
}

/// A check that is fine when a command exits with 0.
public struct ExecCheck: Hashable, Sendable {
    /// The command line, words with quotes.
    public var command: String?
    /// The service whose environment, user and directory it takes.
    public var serviceContext: String?
    /// Variables added to the environment.
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

    /// Makes the check.
    public init(command: String? = nil, serviceContext: String? = nil) {
        self.command = command
        self.serviceContext = serviceContext
    }

    /// Who it runs as, as far as it says so itself.
    public var ownership: Ownership {
        Ownership(userID: userID, user: user, groupID: groupID, group: group)
    }
}
