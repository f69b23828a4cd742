// SPDX-License-Identifier: Apache-2.0

extension HookEvent {
    /// Reads the event out of the environment of a dispatch.
    ///
    /// - Parameter variables: The environment.
    /// - Throws: ``HookEnvironmentError`` when a variable that the event needs is missing or malformed.
    public init(variables: [String: String]) throws(HookEnvironmentError) {
        let reader = VariableReader(variables: variables)
        let path = try reader.required("JUJU_DISPATCH_PATH")
        // The last path component names it: legacy hooks are dispatched with a path of any depth before it.
        let name = path.split(separator: "/").last.map(String.init) ?? path
        if reader.optional("JUJU_ACTION_NAME") != nil || path.hasPrefix("actions/") {
            self = .action(
                ActionEvent(
                    name: reader.optional("JUJU_ACTION_NAME") ?? name,
                    id: try reader.required("JUJU_ACTION_UUID")
                )
            )
            return
        }
        self = try Self.hook(named: name, reader: reader)
    }

    private static func hook(named name: String, reader: VariableReader) throws(HookEnvironmentError) -> HookEvent {
        if let plain = Self.withoutData[name] { return plain }
        switch name {
        case "pre-series-upgrade": return .preSeriesUpgrade(targetBase: reader.optional("JUJU_TARGET_BASE"))
        case "post-series-upgrade": return .postSeriesUpgrade(targetBase: reader.optional("JUJU_TARGET_BASE"))
        case "secret-changed": return .secretChanged(try reader.secretEvent())
        case "secret-rotate": return .secretRotate(try reader.secretEvent())
        case "secret-expired": return .secretExpired(try reader.secretEvent(needsRevision: true))
        case "secret-remove": return .secretRemove(try reader.secretEvent(needsRevision: true))
        default: break
        }
        if name.hasSuffix("-relation-created") { return .relationCreated(try reader.relationEvent()) }
        if name.hasSuffix("-relation-joined") { return .relationJoined(try reader.relationEvent()) }
        if name.hasSuffix("-relation-changed") { return .relationChanged(try reader.relationEvent()) }
        if name.hasSuffix("-relation-departed") { return .relationDeparted(try reader.relationEvent()) }
        if name.hasSuffix("-relation-broken") { return .relationBroken(try reader.relationEvent()) }
        if name.hasSuffix("-storage-attached") { return .storageAttached(try reader.storageEvent()) }
        if name.hasSuffix("-storage-detaching") { return .storageDetaching(try reader.storageEvent()) }
        return try containerHook(named: name, reader: reader) ?? .unknown(hook: name)
    }

    private static func containerHook(
        named name: String,
        reader: VariableReader
    ) throws(HookEnvironmentError) -> HookEvent? {
        if name.hasSuffix("-pebble-ready") {
            return .pebbleReady(container: try reader.required("JUJU_WORKLOAD_NAME"))
        }
        if name.hasSuffix("-pebble-custom-notice") {
            let notice = NoticeEvent(
                id: try reader.required("JUJU_NOTICE_ID"),
                type: try reader.required("JUJU_NOTICE_TYPE"),
                key: try reader.required("JUJU_NOTICE_KEY")
            )
            return .pebbleCustomNotice(container: try reader.required("JUJU_WORKLOAD_NAME"), notice: notice)
        }
        if name.hasSuffix("-pebble-check-failed") {
            return .pebbleCheckFailed(
                container: try reader.required("JUJU_WORKLOAD_NAME"),
                check: try reader.required("JUJU_PEBBLE_CHECK_NAME")
            )
        }
        if name.hasSuffix("-pebble-check-recovered") {
            return .pebbleCheckRecovered(
                container: try reader.required("JUJU_WORKLOAD_NAME"),
                check: try reader.required("JUJU_PEBBLE_CHECK_NAME")
            )
        }
        return nil
    }

    private static let withoutData: [String: HookEvent] = {
        let events: [HookEvent] = [
            .install, .start, .stop, .remove, .configChanged, .updateStatus, .upgradeCharm, .leaderElected,
            .leaderSettingsChanged, .collectMetrics, .meterStatusChanged,
        ]
        return Dictionary(uniqueKeysWithValues: events.map { ($0.name, $0) })
    }()
}

extension HookEvent {
    /// The variables Juju sets for this event beyond those of every dispatch.
    public var variables: [String: String] {
        switch self {
        case .relationCreated(let event), .relationJoined(let event), .relationChanged(let event),
            .relationDeparted(let event), .relationBroken(let event):
            relationVariables(event)
        case .storageAttached(let event), .storageDetaching(let event):
            [
                "JUJU_STORAGE_ID": event.id,
                "JUJU_STORAGE_LOCATION": event.location,
                "JUJU_STORAGE_KIND": event.kind,
            ].compactMapValues { $0 }
        case .pebbleReady(let container): ["JUJU_WORKLOAD_NAME": container]
        case .pebbleCustomNotice(let container, let notice):
            [
                "JUJU_WORKLOAD_NAME": container, "JUJU_NOTICE_ID": notice.id, "JUJU_NOTICE_TYPE": notice.type,
                "JUJU_NOTICE_KEY": notice.key,
            ]
        case .pebbleCheckFailed(let container, let check), .pebbleCheckRecovered(let container, let check):
            ["JUJU_WORKLOAD_NAME": container, "JUJU_PEBBLE_CHECK_NAME": check]
        case .secretChanged(let event), .secretRotate(let event), .secretExpired(let event), .secretRemove(let event):
            [
                "JUJU_SECRET_ID": event.id, "JUJU_SECRET_LABEL": event.label ?? "",
                "JUJU_SECRET_REVISION": event.revision.map(String.init),
            ].compactMapValues { $0 }
        case .action(let event):
            [
                "JUJU_ACTION_NAME": event.name, "JUJU_ACTION_UUID": event.id, "JUJU_ACTION_TAG": "action-\(event.id)",
            ]
        case .preSeriesUpgrade(let base), .postSeriesUpgrade(let base):
            ["JUJU_TARGET_BASE": base].compactMapValues { $0 }
        default: [:]
        }
    }

    private func relationVariables(_ event: RelationEvent) -> [String: String] {
        var variables = [
            "JUJU_RELATION": event.id.endpoint,
            "JUJU_RELATION_ID": event.id.description,
            "JUJU_REMOTE_APP": event.remoteApplication ?? "",
            // Set but empty when the event is about the application: charms look for the variable's presence.
            "JUJU_REMOTE_UNIT": event.remoteUnit?.description ?? "",
        ]
        if case .relationDeparted = self { variables["JUJU_DEPARTING_UNIT"] = event.departingUnit?.description ?? "" }
        return variables
    }
}
