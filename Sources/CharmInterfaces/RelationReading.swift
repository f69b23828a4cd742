// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// What reading the other side of a relation came to.
///
/// The other side is another program, perhaps of another version or not well: whatever it wrote, reading ends in one
/// of these and never in a failed hook.
public enum RelationReading<Value> {
    /// There is no such relation.
    case absent
    /// The relation exists, and the other side has not given this yet.
    case waiting(String)
    /// The other side gave something that cannot be used, for this reason; the key at fault is named.
    case invalid(String)
    /// All is there.
    case ready(Value)

    /// The value, when all is there.
    public var value: Value? {
        if case .ready(let value) = self { value } else { nil }
    }

    /// Whether there is no such relation.
    public var isAbsent: Bool {
        if case .absent = self { true } else { false }
    }
}

extension RelationReading: Equatable where Value: Equatable {}
extension RelationReading: Hashable where Value: Hashable {}
extension RelationReading: Sendable where Value: Sendable {}

/// What the other side of one relation wrote.
public struct RemoteDatabags: Sendable, Hashable {
    /// The application's databag.
    public var application: [String: String]
    /// The units' databags.
    public var units: [UnitName: [String: String]]

    /// Creates the databags of a remote side.
    public init(application: [String: String] = [:], units: [UnitName: [String: String]] = [:]) {
        self.application = application
        self.units = units
    }

    /// Reads the databags of a relation.
    ///
    /// - Parameters:
    ///   - relation: The relation.
    ///   - withUnits: Whether the units' databags are wanted; each costs a call.
    /// - Throws: `HookToolError` when the agent cannot tell.
    public init(_ relation: Relation, withUnits: Bool) throws {
        application = try relation.data(.remoteApplication)
        units = [:]
        guard withUnits else { return }
        for unit in try relation.units() { units[unit] = try relation.data(.remoteUnit(unit)) }
    }

    /// A value of the application's databag; an empty one counts as absent.
    func value(_ key: String) -> String? {
        guard let value = application[key], !value.isEmpty else { return nil }
        return value
    }
}

/// What looking up a secret that another application named came to.
public enum SecretReading: Sendable, Hashable {
    /// Its content.
    case content([String: String])
    /// It is not there or not granted yet.
    case waiting(String)
    /// It cannot be used, for this reason.
    case invalid(String)
}

extension Model {
    /// Reads the latest content of a secret that another application named in a databag.
    ///
    /// - Parameter id: What the databag says is a secret's URI.
    /// - Returns: The content, or why there is none.
    /// - Throws: `HookToolError` only when the agent cannot be asked at all.
    public func readRemoteSecret(_ id: String) throws -> SecretReading {
        guard Secret.isID(id) else { return .invalid("not a secret's URI") }
        do throws(HookToolError) {
            return .content(try secret(id: id).content(.refresh))
        } catch {
            switch error.kind {
            case .unavailable: throw error
            case .secretNotFound, .accessDenied: return .waiting("access to it")
            default: return .invalid(error.message)
            }
        }
    }
}

/// The one relation of an endpoint, read by a closure.
func readOnlyRelation<Value>(
    _ endpoint: String,
    _ model: Model,
    _ read: (Relation) throws -> RelationReading<Value>
) throws -> RelationReading<Value> {
    let relations = try model.relations(endpoint)
    guard let relation = relations.first else { return .absent }
    guard relations.count == 1 else { return .invalid("\(relations.count) relations where one is expected") }
    return try read(relation)
}
