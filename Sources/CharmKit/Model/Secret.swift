// SPDX-License-Identifier: Apache-2.0

public import HookProtocol

/// A secret, owned here or granted to this application.
///
/// A handle: making one asks nothing. What it reads is kept for the dispatch.
public struct Secret {
    /// Which revision to read.
    public enum Revision: Sendable, Hashable {
        /// The one this unit reads so far; on first reading the latest, which is then tracked.
        case tracked
        /// The latest, which is tracked from now on.
        case refresh
        /// The latest, without tracking it.
        case peek
    }

    /// The secret's URI; nil for one known by label only.
    public let id: String?
    /// The label this unit or application gives the secret.
    public let label: String?

    let store: SecretStore

    /// Whether a text is of the form of a secret's URI: `secret:ID`, `secret://MODEL/ID` or an id alone.
    ///
    /// A text from a databag may be anything, an option of a hook tool for one; check it before use.
    ///
    /// - Parameter text: The text.
    /// - Returns: True when it is of that form.
    public static func isID(_ text: String) -> Bool {
        let rest = text.hasPrefix("secret:") ? text.dropFirst(7) : Substring(text)
        let parts = (rest.hasPrefix("//") ? rest.dropFirst(2) : rest).split(
            separator: "/",
            omittingEmptySubsequences: false
        )
        guard parts.count == (rest.hasPrefix("//") ? 2 : 1), text.utf8.count <= 200 else { return false }
        return parts.allSatisfy { part in
            !part.isEmpty && part.first != "-" && part.utf8.allSatisfy(isIDByte)
        }
    }

    /// Whether a text may be a key of a secret's content.
    package static func isKey(_ text: String) -> Bool { SecretFiles.isValid(key: text) }

    private static func isIDByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "-")
    }

    /// Reads the content.
    ///
    /// - Parameter revision: Which revision.
    /// - Returns: The values by key.
    /// - Throws: ``HookToolError`` of kind ``HookToolError/Kind/secretNotFound`` or
    ///   ``HookToolError/Kind/accessDenied`` (not granted yet), or another when the agent cannot tell.
    public func content(_ revision: Revision = .tracked) throws(HookToolError) -> [String: String] {
        try store.content(self, revision)
    }

    /// Reads the metadata of an owned secret.
    ///
    /// - Returns: The metadata.
    /// - Throws: ``HookToolError`` when the secret is not owned here or the agent cannot tell.
    public func info() throws(HookToolError) -> SecretInfo {
        try store.info(self)
    }

    /// Gives an owned secret new content, a new revision when the dispatch ends well, unless it has that content.
    ///
    /// - Parameter content: The values by key.
    /// - Throws: ``SecretError`` for content the agent would refuse; ``HookToolError`` when it does refuse.
    public func set(_ content: [String: String]) throws {
        try update(content: content)
    }

    /// Changes an owned secret when the dispatch ends well; what is nil stays as it is.
    ///
    /// - Parameters:
    ///   - content: The values by key, a new revision; nothing is made of a content the secret has already.
    ///   - label: The owner's label to find it by.
    ///   - description: What it is, for people.
    ///   - rotation: How often the owner is asked to rotate it, counted from now.
    ///   - expiry: When the latest revision expires: a time as RFC 3339 text, or a duration from now as Juju writes it.
    /// - Throws: ``SecretError`` for content the agent would refuse; ``HookToolError`` when it does refuse.
    public func update(
        content: [String: String]? = nil,
        label: String? = nil,
        description: String? = nil,
        rotation: SecretRotation? = nil,
        expiry: String? = nil
    ) throws {
        let changes = SecretChanges(
            content: content,
            label: label,
            description: description,
            rotation: rotation,
            expiry: expiry
        )
        try store.update(self, changes)
    }

    /// Lets the other side of a relation read an owned secret.
    ///
    /// - Parameters:
    ///   - relation: The relation; the grant ends with it.
    ///   - unit: One remote unit; nil for the whole application.
    /// - Throws: ``SecretError/idUnknown(label:)``, or ``HookToolError`` when the agent refuses.
    public func grant(to relation: Relation, unit: UnitName? = nil) throws {
        try store.grant(self, relation: relation, unit: unit)
    }

    /// Takes a grant back.
    ///
    /// - Parameters:
    ///   - relation: The relation.
    ///   - unit: The remote unit that was granted; nil for the whole application.
    /// - Throws: As ``grant(to:unit:)``.
    public func revoke(from relation: Relation, unit: UnitName? = nil) throws {
        try store.revoke(self, relation: relation, unit: unit)
    }

    /// Removes an owned secret.
    ///
    /// - Parameter revision: One revision only; nil for all.
    /// - Throws: As ``grant(to:unit:)``.
    public func remove(revision: Int? = nil) throws {
        try store.remove(self, revision: revision)
    }
}

/// Who owns a secret.
public enum SecretOwner: String, Sendable, Hashable {
    /// The application; the leader writes it, all units read it.
    case application
    /// This unit.
    case unit
}

/// How often the owner is asked to rotate a secret.
public enum SecretRotation: String, Sendable, Hashable, CaseIterable {
    /// Never.
    case never
    /// Every hour.
    case hourly
    /// Every day.
    case daily
    /// Every week.
    case weekly
    /// Every month.
    case monthly
    /// Every three months.
    case quarterly
    /// Every year.
    case yearly
}

/// The metadata of an owned secret.
public struct SecretInfo: Sendable, Hashable {
    /// The secret's URI.
    public var id: String
    /// The latest revision's number.
    public var revision: Int
    /// The owner's label.
    public var label: String?
    /// The owner's description.
    public var description: String?
    /// How often it is rotated; nil for never.
    public var rotation: SecretRotation?
    /// When it expires, as RFC 3339 text; nil for never.
    public var expiry: String?
    /// When it is due for rotation, as RFC 3339 text; nil for never.
    public var rotates: String?
    /// Who owns it; nil when the agent does not say.
    public var owner: SecretOwner?
    /// Who may read it beside the owner.
    public var access: [Access]

    /// Who may read a secret, as `secret-info-get` tells it.
    public struct Access: Sendable, Hashable {
        /// The reader as a tag: `application-NAME` or `unit-NAME-NUMBER`.
        public var target: String
        /// What the grant ends with, as a tag: `relation-…`; empty when the agent does not say.
        public var scope: String
        /// What the reader may do, `view`; empty when the agent does not say.
        public var role: String

        /// Creates an access.
        public init(target: String, scope: String, role: String) {
            self.target = target
            self.scope = scope
            self.role = role
        }
    }

    /// Creates metadata.
    public init(
        id: String,
        revision: Int,
        label: String? = nil,
        description: String? = nil,
        rotation: SecretRotation? = nil,
        expiry: String? = nil,
        rotates: String? = nil,
        owner: SecretOwner? = nil,
        access: [Access] = []
    ) {
        self.id = id
        self.revision = revision
        self.label = label
        self.description = description
        self.rotation = rotation
        self.expiry = expiry
        self.rotates = rotates
        self.owner = owner
        self.access = access
    }
}

/// What shall be different of a secret; nil for what stays.
struct SecretChanges: Hashable {
    var content: [String: String]?
    var label: String?
    var description: String?
    var rotation: SecretRotation?
    var expiry: String?

    /// With everything given that stays, for an agent that takes what is left out as removed.
    func filled(from info: SecretInfo, content: [String: String]) -> SecretChanges {
        SecretChanges(
            content: self.content ?? content,
            label: label ?? info.label,
            description: description ?? info.description,
            rotation: rotation ?? info.rotation,
            expiry: expiry ?? info.expiry
        )
    }
}

/// A secret that cannot be written this way.
public enum SecretError: Error, Hashable, CustomStringConvertible {
    /// A secret has at least one value.
    case empty
    /// A key is shorter than three characters or not of lowercase letters, digits and single inner hyphens.
    case badKey(String)
    /// Only the leader may create a secret of the application.
    case notLeader
    /// The secret is known by label only, and the agent does not know its id.
    case idUnknown(label: String)
    /// The content could not be handed to the agent.
    case handOver(String)

    /// What happened, in words.
    public var description: String {
        switch self {
        case .empty: "cannot write the secret: it has no values"
        case .badKey(let key):
            "cannot write the secret: key \"\(key)\" must have three or more lowercase letters, digits and inner hyphens"
        case .notLeader: "cannot create a secret of this application: this unit is not the leader"
        case .idUnknown(let label): "cannot find the id of the secret labelled \"\(label)\""
        case .handOver(let reason): "cannot hand the secret's content to the agent: \(reason)"
        }
    }
}
