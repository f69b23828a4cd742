// SPDX-License-Identifier: Apache-2.0

/// Which events an observer runs for.
public enum Trigger: Sendable, Hashable {
    /// Every hook, also those this library does not know; not actions and not custom events.
    case anyHook
    /// Every action.
    case anyAction
    /// The hook of this name, as in `database-relation-changed`; also one this library does not know.
    case hook(String)
    /// The unit's first event.
    case install
    /// The unit starts, or its pod started again.
    case start
    /// The unit stops.
    case stop
    /// The unit's last event.
    case remove
    /// Configuration changed, or the agent restarted.
    case configChanged
    /// The timer.
    case updateStatus
    /// New charm code is in place.
    case upgradeCharm
    /// This unit became the leader.
    case leaderElected
    /// Another unit became the leader, or changed its settings (Juju 3 and earlier).
    case leaderSettingsChanged
    /// The machine's series is about to be upgraded (Juju 3 and earlier).
    case preSeriesUpgrade
    /// The machine's series was upgraded (Juju 3 and earlier).
    case postSeriesUpgrade
    /// A relation of the endpoint was created.
    case relationCreated(String)
    /// A remote unit joined a relation of the endpoint.
    case relationJoined(String)
    /// A remote databag of the endpoint changed.
    case relationChanged(String)
    /// A remote unit left a relation of the endpoint.
    case relationDeparted(String)
    /// A relation of the endpoint is gone.
    case relationBroken(String)
    /// Any of the five events of the endpoint.
    case anyRelationEvent(String)
    /// Storage of the name is ready.
    case storageAttached(String)
    /// Storage of the name goes away.
    case storageDetaching(String)
    /// Pebble in the container started.
    case pebbleReady(String)
    /// A custom notice was recorded in the container.
    case pebbleCustomNotice(String)
    /// A check in the container failed.
    case pebbleCheckFailed(String)
    /// A check in the container recovered.
    case pebbleCheckRecovered(String)
    /// A secret that is read here has a new revision.
    case secretChanged
    /// An owned secret is due for rotation.
    case secretRotate
    /// A revision of an owned secret expired.
    case secretExpired
    /// A revision of an owned secret is no longer read.
    case secretRemove
    /// The action of the name is run.
    case action(String)
    /// A custom event of the name was emitted.
    case custom(String)

    /// Whether an event of this kind runs the observer.
    ///
    /// - Parameter kind: What happened.
    /// - Returns: True when the trigger covers it.
    public func matches(_ kind: Event.Kind) -> Bool {
        switch kind {
        case .custom(let event):
            if case .custom(event.name) = self { true } else { false }
        case .hook(let event):
            matches(event)
        }
    }

    private func matches(_ event: HookEvent) -> Bool {
        switch (self, event) {
        case (.anyHook, _): !event.isAction
        case (.anyAction, _): event.isAction
        case (.hook(let name), _): !event.isAction && event.name == name
        case (.leaderSettingsChanged, .leaderSettingsChanged): true
        case (.preSeriesUpgrade, .preSeriesUpgrade), (.postSeriesUpgrade, .postSeriesUpgrade): true
        case (.install, .install), (.start, .start), (.stop, .stop), (.remove, .remove): true
        case (.configChanged, .configChanged), (.updateStatus, .updateStatus): true
        case (.upgradeCharm, .upgradeCharm), (.leaderElected, .leaderElected): true
        case (.relationCreated(let endpoint), .relationCreated(let relation)): endpoint == relation.id.endpoint
        case (.relationJoined(let endpoint), .relationJoined(let relation)): endpoint == relation.id.endpoint
        case (.relationChanged(let endpoint), .relationChanged(let relation)): endpoint == relation.id.endpoint
        case (.relationDeparted(let endpoint), .relationDeparted(let relation)): endpoint == relation.id.endpoint
        case (.relationBroken(let endpoint), .relationBroken(let relation)): endpoint == relation.id.endpoint
        case (.anyRelationEvent(let endpoint), _): event.relation?.id.endpoint == endpoint
        case (.storageAttached(let name), .storageAttached(let storage)): name == storage.name
        case (.storageDetaching(let name), .storageDetaching(let storage)): name == storage.name
        case (.pebbleReady(let name), .pebbleReady(let container)): name == container
        case (.pebbleCustomNotice(let name), .pebbleCustomNotice(let container, _)): name == container
        case (.pebbleCheckFailed(let name), .pebbleCheckFailed(let container, _)): name == container
        case (.pebbleCheckRecovered(let name), .pebbleCheckRecovered(let container, _)): name == container
        case (.secretChanged, .secretChanged), (.secretRotate, .secretRotate): true
        case (.secretExpired, .secretExpired), (.secretRemove, .secretRemove): true
        case (.action(let name), .action(let action)): name == action.name
        default: false
        }
    }
}
