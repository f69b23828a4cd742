// SPDX-License-Identifier: Apache-2.0

/// What `status` shows: the model, the application, its unit, relations and containers at one instant.
public struct StatusSnapshot: Codable, Sendable, Equatable {
    /// The model.
    public var model: ModelStatus
    /// The application.
    public var application: ApplicationStatus
    /// The unit.
    public var unit: UnitStatus
    /// The relations, by id.
    public var relations: [RelationStatus]
    /// The containers the charm declares, by name.
    public var containers: [ContainerStatus]
    /// The hook that failed and will be tried again.
    public var failedHook: FailedHookStatus?
    /// When the snapshot was taken, RFC 3339.
    public var time: String
    /// The storage instances of the unit, by id.
    public var storages: [StorageStatus] = []
}

/// A status with its message and the time since when it holds.
public struct EntityStatus: Codable, Sendable, Equatable {
    /// `active`, `blocked`, `waiting`, `maintenance`, `error`, `unknown`; for the agent `idle`, `executing`, `allocating`.
    public var status: String
    /// The message for people.
    public var message: String
    /// Since when, RFC 3339.
    public var since: String

    package init(status: String, message: String, since: String) {
        self.status = status
        self.message = message
        self.since = since
    }
}

/// The model in a status.
public struct ModelStatus: Codable, Sendable, Equatable {
    /// The name.
    public var name: String
    /// The UUID.
    public var uuid: String
    /// The version the agent reports as Juju's.
    public var version: String
}

/// The application in a status.
public struct ApplicationStatus: Codable, Sendable, Equatable {
    /// The name.
    public var name: String
    /// The name of the charm.
    public var charm: String
    /// The version of the charm, from its `version` file.
    public var charmVersion: String
    /// The status the leader set for the application; that of the unit when it set none.
    public var status: EntityStatus
    /// The version of the workload.
    public var workloadVersion: String
}

/// The unit in a status.
public struct UnitStatus: Codable, Sendable, Equatable {
    /// The name, such as `example/0`.
    public var name: String
    /// Whether it leads its application.
    public var leader: Bool
    /// The status the charm set, or `error` while a hook fails.
    public var workload: EntityStatus
    /// What the agent does.
    public var agent: EntityStatus
    /// The address.
    public var address: String
    /// The opened ports, such as `8080/tcp`.
    public var openedPorts: [String]
}

/// A relation in a status.
public struct RelationStatus: Codable, Sendable, Equatable {
    /// The number.
    public var id: Int
    /// The endpoint of the charm.
    public var endpoint: String
    /// The interface.
    public var interface: String
    /// The application at the other end; the own one for a peer relation.
    public var remoteApplication: String
    /// Whether it is a peer relation.
    public var peer: Bool
    /// `joining` before the charm was told, `joined`, or `departing`.
    public var state: String
}

/// A container in a status.
public struct ContainerStatus: Codable, Sendable, Equatable {
    /// The name.
    public var name: String
    /// Whether its Pebble answers.
    public var reachable: Bool
    /// Whether the charm has been told that this Pebble is ready.
    public var ready: Bool
}

/// A storage instance in a status.
public struct StorageStatus: Codable, Sendable, Equatable {
    /// The id, such as `data/0`.
    public var id: String
    /// `filesystem` or `block`.
    public var kind: String
    /// Its directory.
    public var location: String
    /// Whether the charm has been told that it is there.
    public var isAttached: Bool
    /// Whether it is being taken away.
    public var isDetaching: Bool
}

/// A hook that failed.
public struct FailedHookStatus: Codable, Sendable, Equatable {
    /// The name of the hook.
    public var hook: String
    /// How many times it was tried since the agent started.
    public var attempts: Int
    /// When it is tried again, RFC 3339.
    public var nextTry: String
}
