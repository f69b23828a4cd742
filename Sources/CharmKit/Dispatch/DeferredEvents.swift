// SPDX-License-Identifier: Apache-2.0

import HookProtocol

/// An event an observer asked to see again.
package struct DeferredEvent: Codable, Hashable {
    /// The observer's name.
    package let observer: String
    /// `JUJU_DISPATCH_PATH` of the hook; nil for a custom event.
    let path: String?
    /// The hook's variables; nil for a custom event.
    let variables: [String: String]?
    /// The custom event's name.
    let custom: String?
    /// The custom event's data.
    let data: [String: String]?

    package init(observer: String, kind: Event.Kind) {
        self.observer = observer
        switch kind {
        case .hook(let event):
            (path, variables, custom, data) = (event.dispatchPath, event.variables, nil, nil)
        case .custom(let event):
            (path, variables, custom, data) = (nil, nil, event.name, event.data)
        }
    }

    /// The event as it was; nil when this version of the library no longer understands it.
    package var kind: Event.Kind? {
        if let custom { return .custom(CustomEvent(name: custom, data: data ?? [:])) }
        guard let path, var environment = variables else { return nil }
        environment["JUJU_DISPATCH_PATH"] = path
        return (try? HookEvent(variables: environment)).map { .hook($0) }
    }
}

/// The queue of deferred events, kept in the unit's stored state under one key.
package struct DeferredEvents {
    private(set) var events: [DeferredEvent]

    package static let key = "charmkit.deferred"

    init(state: StoredState) throws {
        events = try state.decode([DeferredEvent].self, for: Self.key) ?? []
    }

    func contains(_ event: DeferredEvent) -> Bool { events.contains(event) }

    mutating func append(_ event: DeferredEvent) {
        if !events.contains(event) { events.append(event) }
    }

    mutating func remove(_ event: DeferredEvent) {
        events.removeAll { $0 == event }
    }

    func save(to state: StoredState) throws {
        try state.setAny(events.isEmpty ? nil : try StoredState.text(events), for: Self.key)
    }
}
