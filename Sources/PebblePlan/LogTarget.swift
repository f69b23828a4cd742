// SPDX-License-Identifier: Apache-2.0

/// What a log target speaks.
public enum LogTargetType: String, Hashable, Sendable, CaseIterable {
    /// Grafana Loki.
    case loki
    /// OpenTelemetry over HTTP.
    case opentelemetry
    /// RFC 5424 over TCP or UDP.
    case syslog
}

/// Somewhere the output of services is sent.
public struct LogTarget: Hashable, Sendable {
    /// The name of the target.
    public var name: String
    /// What it speaks.
    public var type: LogTargetType?
    /// Where it is.
    public var location: String?
    /// Whose output goes there: names, `all`, or either after a minus sign; the last that fits counts.
    public var services: [String] = []
    /// How it combines with layers below; nil is an error when layers are combined.
    public var override: Override?
    /// What each line is labelled with; `$NAME` stands for a variable of the service.
    public var labels: [String: String] = [:]

    /// Makes a target with nothing set but the given.
    public init(name: String, override: Override? = nil, type: LogTargetType? = nil, location: String? = nil) {
        self.name = name
        self.override = override
        self.type = type
        self.location = location
    }

    /// Whether the output of a service goes here.
    ///
    /// - Parameter service: the name of the service.
    /// - Returns: true when the last entry of `services` that fits includes it.
    public func takes(service: String) -> Bool {
        for entry in services.reversed() {
            if entry == service || entry == "all" { return true }
            if entry == "-\(service)" || entry == "-all" { return false }
        }
        return false
    }
}

/// A user and environment that services can share.
public struct Workload: Hashable, Sendable {
    /// The name of the workload.
    public var name: String
    /// How it combines with layers below; nil is an error when layers are combined.
    public var override: Override?
    /// Variables added to the environment, below those of the service.
    public var environment: [String: String] = [:]
    /// The number of the user services run as.
    public var userID: Int?
    /// The name of the user services run as.
    public var user: String?
    /// The number of the group services run as.
    public var groupID: Int?
    /// The name of the group services run as.
    public var group: String?

    /// Makes a workload with nothing set but the given.
    public init(name: String, override: Override? = nil) {
        self.name = name
        self.override = override
    }
}

/// How many clients may pair with the daemon.
public enum PairingMode: String, Hashable, Sendable {
    /// None.
    case disabled
    /// One.
    case single
    /// Any number.
    case multiple
}
