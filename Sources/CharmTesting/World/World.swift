// SPDX-License-Identifier: Apache-2.0

public import CharmKit
public import PebbleAPI

/// Everything around a charm, before an event or after it.
///
/// ## Usage
///
/// ```swift
/// var world = World(config: ["port": 8080], isLeader: true)
/// world.relations = [RelationState("database", id: 1, remoteApplication: "postgresql")]
/// let output = try CharmTest(MyCharm.self).run(.configChanged, in: world)
/// #expect(output.world.unitStatus == .waiting("waiting for the database"))
/// ```
public struct World: Sendable {
    /// This unit.
    public var unit: UnitName
    /// The model.
    public var model: ModelIdentity
    /// The agent's version.
    public var jujuVersion: JujuVersion
    /// Whether this unit leads.
    public var isLeader: Bool
    /// How many units the application shall have.
    public var plannedUnits: Int
    /// The options that are set or have a default.
    public var config: [String: JSONValue]
    /// The relations.
    public var relations: [RelationState] = []
    /// The secrets this unit can name, owned or not.
    public var secrets: [SecretState] = []
    /// The containers by name.
    public var containers: [String: ContainerState] = [:]
    /// What the unit remembers.
    public var storedState: [String: String] = [:]
    /// Whether a charm that remembers relations (`Observers.rememberRelations`) does so.
    ///
    /// Not unless a test is about that: then a change of a relation is seen only once an event of it was run, as in a
    /// real model, where one always comes.
    public var remembersRelations = false
    /// The ports that are open.
    public var openedPorts: Set<PortRange> = []
    /// The unit's status; nil until one is set.
    public var unitStatus: Status?
    /// The application's status; nil until one is set.
    public var applicationStatus: Status?
    /// The workload's version; empty until one is set.
    public var workloadVersion = ""
    /// The addresses of bindings that differ from the default.
    public var networks: [String: NetworkInfo] = [:]
    /// The paths of resources by name.
    public var resources: [String: String] = [:]
    /// The locations of storage instances by id, `name/index`.
    public var storages: [String: String] = [:]
    /// The parameters of the action that is run.
    public var actionParameters: [String: JSONValue] = [:]
    /// What the leader told the other units (Juju 3 and earlier).
    public var leaderSettings: [String: String] = [:]
    /// What `credential-get` answers; nil for an application that is not trusted with the cloud's credential.
    public var cloud: JSONValue?
    /// The addresses of the unit, for charms that still ask for them one by one.
    public var addresses: [UnitAddress: String] = [.privateAddress: "192.0.2.0", .publicAddress: "192.0.2.0"]
    /// Variables of the dispatch beside those Juju sets.
    public var environment: [String: String] = [:]
    /// The model's proxies for charms.
    public var proxies = ProxySettings()

    /// Creates a world with nothing in it but the unit.
    public init(
        unit: UnitName = UnitName(application: "app", number: 0),
        model: ModelIdentity = ModelIdentity(name: "test", uuid: "f3a1b2c4-5d6e-4f70-8a91-b2c3d4e5f607"),
        jujuVersion: JujuVersion = JujuVersion(major: 3, minor: 6, patch: 9),
        config: [String: JSONValue] = [:],
        isLeader: Bool = false,
        plannedUnits: Int = 1
    ) {
        self.unit = unit
        self.model = model
        self.jujuVersion = jujuVersion
        self.config = config
        self.isLeader = isLeader
        self.plannedUnits = plannedUnits
    }

    /// The first relation of an endpoint, read or changed in place; setting one that is not there adds it.
    public subscript(relation endpoint: String) -> RelationState? {
        get { relations.first { $0.endpoint == endpoint } }
        set {
            relations.removeAll { $0.endpoint == endpoint && (newValue == nil || $0.id == newValue?.id) }
            if let newValue { relations.append(newValue) }
        }
    }

    /// Finds a secret by its URI or label.
    public func secret(_ name: String) -> SecretState? {
        secrets.first { $0.isNamed(name) }
    }
}
