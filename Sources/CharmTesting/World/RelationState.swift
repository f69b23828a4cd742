// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// One relation of a stated world.
public struct RelationState: Sendable, Hashable {
    /// The endpoint's name.
    public var endpoint: String
    /// The relation's number, unique in the world.
    public var id: Int
    /// Whether it relates the application's units to each other.
    public var isPeer: Bool
    /// The application at the other end; for a peer relation this one.
    public var remoteApplication: String
    /// What the remote application wrote.
    public var remoteApplicationData: [String: String]
    /// What the remote units wrote, by unit; in a peer relation the other units.
    public var remoteUnitsData: [UnitName: [String: String]]
    /// What units wrote that have left since; it stays readable until the relation ends.
    public var departedUnitsData: [UnitName: [String: String]] = [:]
    /// The model the other end is in; nil for this one.
    public var remoteModelUUID: String?
    /// What this application wrote.
    public var ownApplicationData: [String: String]
    /// What this unit wrote; Juju itself writes addresses there.
    public var ownUnitData: [String: String]

    /// Creates a relation to another application, with one remote unit that wrote nothing unless told otherwise.
    public init(
        _ endpoint: String,
        id: Int,
        remoteApplication: String,
        remoteApplicationData: [String: String] = [:],
        remoteUnitsData: [Int: [String: String]] = [0: [:]],
        ownApplicationData: [String: String] = [:],
        ownUnitData: [String: String] = [:]
    ) {
        self.endpoint = endpoint
        self.id = id
        isPeer = false
        self.remoteApplication = remoteApplication
        self.remoteApplicationData = remoteApplicationData
        self.remoteUnitsData = Self.named(remoteUnitsData, remoteApplication)
        self.ownApplicationData = ownApplicationData
        self.ownUnitData = ownUnitData
    }

    /// Creates a peer relation, without other units unless told otherwise.
    public init(
        peer endpoint: String,
        id: Int,
        application: String,
        peersData: [Int: [String: String]] = [:],
        applicationData: [String: String] = [:],
        ownUnitData: [String: String] = [:]
    ) {
        self.endpoint = endpoint
        self.id = id
        isPeer = true
        remoteApplication = application
        remoteApplicationData = [:]
        remoteUnitsData = Self.named(peersData, application)
        ownApplicationData = applicationData
        self.ownUnitData = ownUnitData
    }

    private static func named(_ data: [Int: [String: String]], _ application: String) -> [UnitName: [String: String]] {
        Dictionary(uniqueKeysWithValues: data.map { (UnitName(application: application, number: $0.key), $0.value) })
    }

    /// The relation's id.
    public var relationID: RelationID { RelationID(endpoint: endpoint, number: id) }

    /// The data of an event about this relation, for example for `HookEvent.relationChanged`.
    ///
    /// - Parameter unit: The number of the remote unit it is about; nil for created, broken and a change of the
    ///   application's databag.
    /// - Returns: The data.
    public func event(unit: Int? = nil) -> RelationEvent {
        let remote = unit.map { UnitName(application: remoteApplication, number: $0) }
        return RelationEvent(id: relationID, remoteApplication: remoteApplication, remoteUnit: remote)
    }

    /// The data of a departed event about this relation.
    ///
    /// - Parameters:
    ///   - unit: The number of the remote unit it is about.
    ///   - departing: The unit that leaves, when it is not that one but this.
    /// - Returns: The data.
    public func departure(unit: Int, departing: UnitName? = nil) -> RelationEvent {
        var event = event(unit: unit)
        event.departingUnit = departing ?? event.remoteUnit
        return event
    }
}

/// One secret of a stated world.
public struct SecretState: Sendable, Hashable {
    /// Who owns a secret.
    public enum Owner: Sendable, Hashable {
        /// This application.
        case application
        /// This unit.
        case unit
        /// Another application, which granted it to this one or did not yet.
        case other(isGranted: Bool)
    }

    /// The secret's URI.
    public var id: String
    /// Who owns it.
    public var owner: Owner
    /// The contents of its revisions, the first revision first.
    public var revisions: [[String: String]]
    /// The number of the revision this unit tracks, from 1; nil until it read the secret.
    public var trackedRevision: Int?
    /// The label the owner gave it, or for another's secret the one given to it here on reading it.
    public var label: String?
    /// The label given to an owned secret on reading it, beside the owner's.
    public var readerLabel: String?
    /// The owner's description.
    public var description: String?
    /// How often it is rotated.
    public var rotation: SecretRotation?
    /// When it expires.
    public var expiry: String?
    /// The numbers of revisions that were removed; their numbers are not given again.
    public var removedRevisions: Set<Int> = []
    /// The relations it is granted to, by number, each for an application (nil) or units.
    public var grants: [Int: Set<UnitName?>] = [:]

    /// Creates a secret of one or more revisions.
    public init(
        id: String,
        owner: Owner,
        revisions: [[String: String]],
        trackedRevision: Int? = nil,
        label: String? = nil
    ) {
        self.id = id
        self.owner = owner
        self.revisions = revisions
        self.trackedRevision = trackedRevision
        self.label = label
    }

    /// The latest content.
    public var content: [String: String] { revisions.last ?? [:] }

    var isOwned: Bool { owner == .application || owner == .unit }

    func isNamed(_ name: String) -> Bool {
        label == name || readerLabel == name || Self.bare(id) == Self.bare(name)
    }

    /// The id without scheme and model.
    static func bare(_ id: String) -> Substring {
        (id.hasPrefix("secret:") ? id.dropFirst(7) : Substring(id)).split(separator: "/").last ?? ""
    }
}
