// SPDX-License-Identifier: Apache-2.0

/// Why a charm is dispatched: one hook or action, with the data Juju gives for it.
///
/// Names this code does not know are kept as ``unknown(hook:)``: a charm must end well on an event a newer agent
/// sends.
public enum HookEvent: Sendable, Hashable {
    /// First event of a unit, once.
    case install
    /// After the first config-changed, and again after a pod or machine restarted.
    case start
    /// The unit is being torn down, or its pod is.
    case stop
    /// Last event of a unit.
    case remove
    /// Configuration, trust or addresses changed, or the agent restarted.
    case configChanged
    /// The timer, five minutes by default.
    case updateStatus
    /// New charm code or a new resource is in place.
    case upgradeCharm
    /// This unit is now the leader.
    case leaderElected
    /// Another unit is now the leader (Juju 3 and earlier).
    case leaderSettingsChanged
    /// A relation exists; no remote unit has been seen yet.
    case relationCreated(RelationEvent)
    /// A remote unit appeared.
    case relationJoined(RelationEvent)
    /// A remote databag changed: a unit's, or without remote unit the application's.
    case relationChanged(RelationEvent)
    /// A remote unit left.
    case relationDeparted(RelationEvent)
    /// The relation is gone.
    case relationBroken(RelationEvent)
    /// Storage is ready for use.
    case storageAttached(StorageEvent)
    /// Storage is about to go away.
    case storageDetaching(StorageEvent)
    /// Pebble in a container has started, or started again.
    case pebbleReady(container: String)
    /// A custom notice was recorded in a container.
    case pebbleCustomNotice(container: String, notice: NoticeEvent)
    /// A health check reached its failure threshold.
    case pebbleCheckFailed(container: String, check: String)
    /// A failed health check passes again.
    case pebbleCheckRecovered(container: String, check: String)
    /// A secret this unit reads has a new revision.
    case secretChanged(SecretEvent)
    /// An owned secret is due for rotation.
    case secretRotate(SecretEvent)
    /// A revision of an owned secret expired.
    case secretExpired(SecretEvent)
    /// Nobody reads a revision of an owned secret any more.
    case secretRemove(SecretEvent)
    /// An operator runs an action.
    case action(ActionEvent)
    /// The machine's series is about to be upgraded (Juju 3 and earlier).
    case preSeriesUpgrade(targetBase: String?)
    /// The machine's series was upgraded (Juju 3 and earlier).
    case postSeriesUpgrade(targetBase: String?)
    /// Metrics are collected; almost no hook tool works (Juju before 3.6.11).
    case collectMetrics
    /// The meter status changed (old Juju).
    case meterStatusChanged
    /// A hook this code does not know.
    case unknown(hook: String)
}

/// What a relation event is about.
public struct RelationEvent: Sendable, Hashable {
    /// The relation.
    public var id: RelationID
    /// The application at the other end; nil when Juju does not say, which it may when the relation is broken.
    public var remoteApplication: String?
    /// The remote unit the event is about; nil for created and broken, and for a change of the application's databag.
    public var remoteUnit: UnitName?
    /// In a departed event the unit that leaves, which may be this one.
    public var departingUnit: UnitName?

    /// Creates the data of a relation event.
    public init(
        id: RelationID,
        remoteApplication: String?,
        remoteUnit: UnitName? = nil,
        departingUnit: UnitName? = nil
    ) {
        self.id = id
        self.remoteApplication = remoteApplication
        self.remoteUnit = remoteUnit
        self.departingUnit = departingUnit
    }
}

/// What a storage event is about.
public struct StorageEvent: Sendable, Hashable {
    /// The storage's name in the charm's metadata.
    public var name: String
    /// The instance's number.
    public var index: Int
    /// Where it is mounted, or its device; nil when not provisioned.
    public var location: String?
    /// `filesystem` or `block`; nil when not provisioned.
    public var kind: String?

    /// Creates the data of a storage event.
    public init(name: String, index: Int, location: String? = nil, kind: String? = nil) {
        self.name = name
        self.index = index
        self.location = location
        self.kind = kind
    }

    /// The instance's id, `name/index`.
    public var id: String { "\(name)/\(index)" }
}

/// What a notice event is about.
public struct NoticeEvent: Sendable, Hashable {
    /// The notice's id in its Pebble.
    public var id: String
    /// The notice's type; Juju forwards `custom`.
    public var type: String
    /// The notice's key, `domain/path`.
    public var key: String

    /// Creates the data of a notice event.
    public init(id: String, type: String, key: String) {
        self.id = id
        self.type = type
        self.key = key
    }
}

/// What a secret event is about.
public struct SecretEvent: Sendable, Hashable {
    /// The secret's URI.
    public var id: String
    /// The label this unit gave the secret.
    public var label: String?
    /// The revision, in expired and remove.
    public var revision: Int?

    /// Creates the data of a secret event.
    public init(id: String, label: String? = nil, revision: Int? = nil) {
        self.id = id
        self.label = label
        self.revision = revision
    }
}

/// What an action event is about.
public struct ActionEvent: Sendable, Hashable {
    /// The action's name in the charm's metadata.
    public var name: String
    /// The id of this run, a numeric text such as `7`.
    public var id: String

    /// Creates the data of an action event.
    public init(name: String, id: String) {
        self.name = name
        self.id = id
    }
}
