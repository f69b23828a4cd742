// SPDX-License-Identifier: Apache-2.0

/// The value of a configuration option.
public enum ConfigValue: Codable, Sendable, Equatable {
    /// A string, or the URI of a secret.
    case string(String)
    /// A whole number.
    case int(Int)
    /// A floating point number.
    case float(Double)
    /// A truth value.
    case boolean(Bool)

    /// The value as a person would write it.
    public var text: String {
        switch self {
        case .string(let value): value
        case .int(let value): String(value)
        case .float(let value): value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
        case .boolean(let value): value ? "true" : "false"
        }
    }
}

/// A configuration option with its value, as `config` lists it.
public struct ConfigOptionState: Codable, Sendable, Equatable {
    /// Where the value comes from.
    public enum Source: String, Codable, Sendable {
        /// The charm's default.
        case `default`
        /// The operator set it.
        case user
        /// Neither set nor defaulted.
        case unset
    }

    /// The name of the option.
    public var name: String
    /// `string`, `int`, `float`, `boolean` or `secret`.
    public var type: String
    /// What the charm says about it.
    public var description: String
    /// The charm's default.
    public var defaultValue: ConfigValue?
    /// The value in force.
    public var value: ConfigValue?
    /// Where the value in force comes from.
    public var source: Source
}

/// A value in a databag of a remote application or unit.
public enum DatabagValue: Codable, Sendable, Equatable, ExpressibleByStringLiteral {
    /// The text itself.
    case text(String)
    /// The URI of the secret of that name in ``RemoteApplication/secrets``.
    case secret(String)

    /// Creates a text.
    ///
    /// - Parameter value: The text.
    public init(stringLiteral value: String) { self = .text(value) }
}

/// The other end of a relation: an application that is not run by this agent, as the operator describes it.
public struct RemoteApplication: Codable, Sendable, Equatable {
    /// The name of the application.
    public var name: String
    /// Its application databag.
    public var databag: [String: DatabagValue]
    /// Its units' databags, by unit number.
    public var units: [Int: [String: DatabagValue]]
    /// The secrets it owns and grants over this relation, by a name that ``DatabagValue/secret(_:)`` refers to.
    ///
    /// A content that differs from the last one becomes a new revision of the same secret.
    public var secrets: [String: [String: String]]

    /// Creates the description of a remote application.
    ///
    /// - Parameters:
    ///   - name: The name of the application.
    ///   - databag: Its application databag.
    ///   - units: Its units' databags, by unit number.
    ///   - secrets: The secrets it owns and grants over this relation.
    public init(
        name: String,
        databag: [String: DatabagValue] = [:],
        units: [Int: [String: DatabagValue]] = [0: [:]],
        secrets: [String: [String: String]] = [:]
    ) {
        self.name = name
        self.databag = databag
        self.units = units
        self.secrets = secrets
    }
}

/// A relation with every databag the agent holds for it.
public struct RelationData: Codable, Sendable, Equatable {
    /// The relation.
    public var relation: RelationStatus
    /// The databags by application or unit name.
    public var databags: [String: [String: String]]
}

/// The outcome of an action, or how far it got.
public struct ActionResult: Codable, Sendable, Equatable {
    /// The number of the task.
    public var id: Int
    /// The name of the action.
    public var name: String
    /// `pending`, `running`, `completed`, `failed` or `aborted`.
    public var status: String
    /// The message of a failure.
    public var message: String
    /// What the charm set with `action-set`, keys with dots, plus `return-code`, `stdout` and `stderr`.
    public var results: [String: String]
    /// The progress lines of `action-log` so far.
    public var log: [String]

    /// Whether the action has ended.
    public var isFinished: Bool { status != "pending" && status != "running" }
}
