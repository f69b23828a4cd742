// SPDX-License-Identifier: Apache-2.0

public import HookProtocol

/// One relation of this application to another, or to itself.
///
/// A handle: reading goes to the agent on first use, writing is gathered until the dispatch ends well.
public struct Relation: CustomStringConvertible {
    /// The relation's identity.
    public let id: RelationID
    /// Whether the relation still exists; false for the one a broken event is about.
    public let isActive: Bool

    let store: RelationStore

    /// The endpoint's name in this charm's metadata.
    public var endpoint: String { id.endpoint }

    /// The relation's id as Juju writes it.
    public var description: String { id.description }

    /// Reads which application is at the other end; for a peer relation this one.
    ///
    /// - Returns: The application's name, or nil when a broken relation no longer says.
    /// - Throws: ``HookToolError`` when the agent cannot tell.
    public func remoteApplication() throws(HookToolError) -> String? {
        try store.remoteApplication(of: id)
    }

    /// Reads which model the other end is in (`relation-model-get`; Juju 3.6 and later).
    ///
    /// - Returns: The model's id; another than this unit's own for a relation across models.
    /// - Throws: ``HookToolError`` when the agent cannot tell, or does not know the tool.
    public func remoteModelUUID() throws(HookToolError) -> String {
        try store.remoteModelUUID(of: id)
    }

    /// Reads which units are at the other end, sorted; in a peer relation all but this one.
    ///
    /// - Returns: The units; none when the relation is gone.
    /// - Throws: ``HookToolError`` when the agent cannot tell.
    public func units() throws(HookToolError) -> [UnitName] {
        try store.units(of: id)
    }

    /// Reads a databag, with what was written to it during this dispatch.
    ///
    /// - Parameter owner: Whose databag.
    /// - Returns: The values; empty when the relation is gone.
    /// - Throws: ``DatabagError/notReadable(relation:owner:)`` for this application's databag on a unit that is not the
    ///   leader, unless the relation is a peer relation; ``HookToolError`` when the agent cannot tell.
    public func data(_ owner: DatabagOwner) throws -> [String: String] {
        try store.read(id, owner)
    }

    /// Writes values to an own databag; they are sent together when the dispatch ends well, changed ones only.
    ///
    /// - Parameters:
    ///   - values: The values by key; an empty value removes the key.
    ///   - owner: ``DatabagOwner/ownUnit`` or, on the leader, ``DatabagOwner/ownApplication``.
    /// - Throws: ``DatabagError`` for any other databag, for another's application databag, or on a unit that is not
    ///   the leader; ``HookToolError`` when leadership cannot be asked for.
    public func set(_ values: [String: String], in owner: DatabagOwner) throws {
        try store.write(id, owner, values)
    }

    /// Removes keys from an own databag.
    ///
    /// - Parameters:
    ///   - keys: The keys; absent ones are fine.
    ///   - owner: Whose databag, as for ``set(_:in:)``.
    /// - Throws: As ``set(_:in:)``.
    public func remove(_ keys: [String], from owner: DatabagOwner) throws {
        try set(Dictionary(keys.map { ($0, "") }) { first, _ in first }, in: owner)
    }
}

/// Whose databag in a relation.
public enum DatabagOwner: Sendable, Hashable, CustomStringConvertible {
    /// The application at the other end.
    case remoteApplication
    /// A unit at the other end, or another unit of this application in a peer relation.
    case remoteUnit(UnitName)
    /// This application.
    case ownApplication
    /// This unit.
    case ownUnit

    /// The owner in words.
    public var description: String {
        switch self {
        case .remoteApplication: "the remote application"
        case .remoteUnit(let unit): "unit \(unit)"
        case .ownApplication: "this application"
        case .ownUnit: "this unit"
        }
    }
}

/// A databag that may not be used this way.
public enum DatabagError: Error, Hashable, CustomStringConvertible {
    /// Only the leader may read its application's databag.
    case notReadable(relation: RelationID, owner: DatabagOwner)
    /// Only the leader may write its application's databag.
    case notLeader(relation: RelationID)
    /// Nobody may write another's databag.
    case notOwn(relation: RelationID, owner: DatabagOwner)
    /// The relation is gone, so that what is written would be lost.
    case relationGone(relation: RelationID)
    /// A value in a databag is not the JSON it should be.
    case malformed(relation: RelationID, owner: DatabagOwner, key: String, problem: String)
    /// A charm asked for the one relation of an endpoint that has several.
    case severalRelations(endpoint: String, count: Int)

    /// What happened, in words.
    public var description: String {
        switch self {
        case .notReadable(let relation, let owner):
            "cannot read the databag of \(owner) in relation \(relation): only the leader may"
        case .notLeader(let relation):
            "cannot write the databag of this application in relation \(relation): this unit is not the leader"
        case .notOwn(let relation, let owner): "cannot write the databag of \(owner) in relation \(relation)"
        case .relationGone(let relation): "cannot write a databag in relation \(relation): it is gone"
        case .malformed(let relation, let owner, let key, let problem):
            "cannot read the databag of \(owner) in relation \(relation): \(key) \(problem)"
        case .severalRelations(let endpoint, let count):
            "cannot choose a relation of endpoint \(endpoint): there are \(count)"
        }
    }
}
