// SPDX-License-Identifier: Apache-2.0

extension HookEvent {
    /// The hook's name as in `hooks/<name>`; for an action its name alone.
    public var name: String {
        switch self {
        case .install: "install"
        case .start: "start"
        case .stop: "stop"
        case .remove: "remove"
        case .configChanged: "config-changed"
        case .updateStatus: "update-status"
        case .upgradeCharm: "upgrade-charm"
        case .leaderElected: "leader-elected"
        case .leaderSettingsChanged: "leader-settings-changed"
        case .relationCreated(let event): "\(event.id.endpoint)-relation-created"
        case .relationJoined(let event): "\(event.id.endpoint)-relation-joined"
        case .relationChanged(let event): "\(event.id.endpoint)-relation-changed"
        case .relationDeparted(let event): "\(event.id.endpoint)-relation-departed"
        case .relationBroken(let event): "\(event.id.endpoint)-relation-broken"
        case .storageAttached(let event): "\(event.name)-storage-attached"
        case .storageDetaching(let event): "\(event.name)-storage-detaching"
        case .pebbleReady(let container): "\(container)-pebble-ready"
        case .pebbleCustomNotice(let container, _): "\(container)-pebble-custom-notice"
        case .pebbleCheckFailed(let container, _): "\(container)-pebble-check-failed"
        case .pebbleCheckRecovered(let container, _): "\(container)-pebble-check-recovered"
        case .secretChanged: "secret-changed"
        case .secretRotate: "secret-rotate"
        case .secretExpired: "secret-expired"
        case .secretRemove: "secret-remove"
        case .action(let event): event.name
        case .preSeriesUpgrade: "pre-series-upgrade"
        case .postSeriesUpgrade: "post-series-upgrade"
        case .collectMetrics: "collect-metrics"
        case .meterStatusChanged: "meter-status-changed"
        case .unknown(let hook): hook
        }
    }

    /// The value of `JUJU_DISPATCH_PATH`: `hooks/<name>` or `actions/<name>`.
    public var dispatchPath: String {
        isAction ? "actions/\(name)" : "hooks/\(name)"
    }

    /// Whether this is an action.
    public var isAction: Bool {
        if case .action = self { true } else { false }
    }

    /// Whether Juju runs this hook without access to the model, so that almost no hook tool works.
    public var isRestricted: Bool {
        switch self {
        case .collectMetrics, .meterStatusChanged: true
        default: false
        }
    }

    /// The secret this event is about, if it is about one.
    public var secret: SecretEvent? {
        switch self {
        case .secretChanged(let event), .secretRotate(let event), .secretExpired(let event), .secretRemove(let event):
            event
        default: nil
        }
    }

    /// The container this event is about, if it is about one.
    public var container: String? {
        switch self {
        case .pebbleReady(let name), .pebbleCustomNotice(let name, _), .pebbleCheckFailed(let name, _),
            .pebbleCheckRecovered(let name, _):
            name
        default: nil
        }
    }

    /// The storage instance this event is about, if it is about one.
    public var storage: StorageEvent? {
        switch self {
        case .storageAttached(let event), .storageDetaching(let event): event
        default: nil
        }
    }

    /// The relation this event is about, if it is about one.
    public var relation: RelationEvent? {
        switch self {
        case .relationCreated(let event), .relationJoined(let event), .relationChanged(let event),
            .relationDeparted(let event), .relationBroken(let event):
            event
        default: nil
        }
    }
}
