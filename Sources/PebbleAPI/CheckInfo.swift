// SPDX-License-Identifier: Apache-2.0

/// A health check and what it says.
public struct CheckInfo: Codable, Hashable, Sendable {
    /// The name of the check.
    public var name: String
    /// What its health counts for; nil for neither.
    public var level: CheckLevel?
    /// Whether it runs from the start; nil from servers older than the field.
    public var startup: CheckStartup?
    /// What it says.
    public var status: CheckStatus
    /// Successes in a row; nil from servers older than the field.
    public var successes: Int?
    /// Failures in a row.
    public var failures: Int
    /// How many failures in a row mean down.
    public var threshold: Int
    /// The change that runs it now.
    public var changeID: String?
    /// The change that ran it before it went down or came back.
    public var previousChangeID: String?

    enum CodingKeys: String, CodingKey {
        case name
        case level
        case startup
        case status
        case successes
        case failures
        case threshold
        case changeID = "change-id"
        case previousChangeID = "prev-change-id"
    }

    /// Makes the information.
    public init(
        name: String,
        level: CheckLevel? = nil,
        startup: CheckStartup? = .enabled,
        status: CheckStatus,
        successes: Int? = 0,
        failures: Int = 0,
        threshold: Int = 3,
        changeID: String? = nil,
        previousChangeID: String? = nil
    ) {
        self.name = name
        self.level = level
        self.startup = startup
        self.status = status
        self.successes = successes
        self.failures = failures
        self.threshold = threshold
        self.changeID = changeID
        self.previousChangeID = previousChangeID
    }

    /// Reads the wire form, in which no failures are left out.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        level = try container.decodeIfPresent(CheckLevel.self, forKey: .level)
        startup = try container.decodeIfPresent(CheckStartup.self, forKey: .startup)
        status = try container.decode(CheckStatus.self, forKey: .status)
        successes = try container.decodeIfPresent(Int.self, forKey: .successes)
        failures = try container.value(.failures, or: 0)
        threshold = try container.value(.threshold, or: 0)
        changeID = try container.decodeIfPresent(String.self, forKey: .changeID)
        previousChangeID = try container.decodeIfPresent(String.self, forKey: .previousChangeID)
    }

    /// Writes the wire form, in which no failures are left out.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encodeIfPresent(level, forKey: .level)
        try container.encodeIfPresent(startup, forKey: .startup)
        try container.encode(status, forKey: .status)
        try container.encodeIfPresent(successes, forKey: .successes)
        if failures != 0 { try container.encode(failures, forKey: .failures) }
        try container.encode(threshold, forKey: .threshold)
        try container.encodeIfPresent(changeID, forKey: .changeID)
        try container.encodeIfPresent(previousChangeID, forKey: .previousChangeID)
    }
}

/// The body of `POST /v1/checks`.
package struct ChecksRequest: Codable, Sendable {
    package var action: String
    package var checks: [String]

    package init(action: String, checks: [String]) {
        self.action = action
        self.checks = checks
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        action = try container.value(.action, or: "")
        checks = try container.value(.checks, or: [])
    }
}

/// The result of `POST /v1/checks`.
package struct ChecksReply: Codable, Sendable {
    /// The checks that were started or stopped, by name.
    package var changed: [String]

    package init(changed: [String]) { self.changed = changed }

    package init(from decoder: any Decoder) throws {
        changed = try decoder.container(keyedBy: CodingKeys.self).value(.changed, or: [])
    }
}

/// The body of `POST /v1/checks/refresh`.
package struct CheckRefreshRequest: Codable, Sendable {
    package var name: String

    package init(name: String) { self.name = name }

    package init(from decoder: any Decoder) throws {
        name = try decoder.container(keyedBy: CodingKeys.self).value(.name, or: "")
    }
}

/// The outcome of a check that was run on request.
public struct CheckRefresh: Codable, Hashable, Sendable {
    /// The check after the run.
    public var info: CheckInfo
    /// What went wrong, if something did.
    public var error: String?

    /// Makes the outcome.
    public init(info: CheckInfo, error: String? = nil) {
        self.info = info
        self.error = error
    }
}
