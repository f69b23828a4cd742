// SPDX-License-Identifier: Apache-2.0

import HookProtocol

/// One event as a handler sees it.
public final class Event {
    /// What happened.
    public enum Kind: Sendable, Hashable {
        /// Juju dispatched a hook or action.
        case hook(HookEvent)
        /// The charm itself emitted an event.
        case custom(CustomEvent)

        /// The hook's, action's or custom event's name.
        public var name: String {
            switch self {
            case .hook(let event): event.name
            case .custom(let event): event.name
            }
        }
    }

    /// What happened.
    public let kind: Kind
    /// Whether this is a deferred event run again during a later dispatch.
    ///
    /// What it is about may be gone by now; ``Relation/isActive`` tells for a relation.
    public let isReplay: Bool
    /// The action to answer, when this is one.
    public let action: Action?
    /// The relation this is about, when it is about one.
    public let relation: Relation?
    /// The secret this is about, when it is about one; the event's revision is in ``hook``.
    public let secret: Secret?
    /// The container this is about, when it is about one.
    public let container: Container?

    private let deferral: Deferral
    private let emitter: (CustomEvent) throws -> Void
    private(set) var isDeferred = false

    enum Deferral {
        case allowed
        case unnamed
        case forbidden
    }

    init(
        kind: Kind,
        isReplay: Bool,
        action: Action?,
        relation: Relation?,
        secret: Secret?,
        container: Container?,
        deferral: Deferral,
        emitter: @escaping (CustomEvent) throws -> Void
    ) {
        self.kind = kind
        self.isReplay = isReplay
        self.action = action
        self.relation = relation
        self.secret = secret
        self.container = container
        self.deferral = deferral
        self.emitter = emitter
    }

    /// The name of the hook, action or custom event.
    public var name: String { kind.name }

    /// The hook or action; nil for a custom event.
    public var hook: HookEvent? {
        if case .hook(let event) = kind { event } else { nil }
    }

    /// The custom event; nil for a hook.
    public var custom: CustomEvent? {
        if case .custom(let event) = kind { event } else { nil }
    }

    /// The action to answer, for handlers registered for actions only.
    ///
    /// - Returns: The action.
    /// - Throws: ``EventError/notAnAction(event:)`` when this is a hook.
    public func requireAction() throws -> Action {
        guard let action else { throw EventError.notAnAction(event: name) }
        return action
    }

    /// Has this handler run again, with this event, before the next one.
    ///
    /// Only this handler is run again, not the event's others. Prefer deciding from the state of the world on every
    /// event: a deferred event is an old event, run when something else happened.
    ///
    /// - Throws: ``EventError/notDeferrable(event:)`` for actions, stop, remove and secret rotation and expiry, whose
    ///   moment cannot come again; ``EventError/deferralNeedsName(event:)`` when the observer was registered without
    ///   a name to remember it by.
    public func `defer`() throws {
        switch deferral {
        case .allowed: isDeferred = true
        case .unnamed: throw EventError.deferralNeedsName(event: name)
        case .forbidden: throw EventError.notDeferrable(event: name)
        }
    }

    /// Emits a custom event: its observers run now, before this returns.
    ///
    /// - Parameter event: The event.
    /// - Throws: What an observer throws.
    public func emit(_ event: CustomEvent) throws {
        try emitter(event)
    }
}

/// An event a charm or library makes itself, observed by ``Trigger/custom(_:)``.
public struct CustomEvent: Sendable, Hashable {
    /// The event's name.
    public var name: String
    /// What the event carries; kept as text so that it can be deferred.
    public var data: [String: String]

    /// Creates a custom event.
    public init(name: String, data: [String: String] = [:]) {
        self.name = name
        self.data = data
    }
}

/// Something asked of an event that it cannot do.
public enum EventError: Error, Hashable, CustomStringConvertible {
    /// The event is not an action.
    case notAnAction(event: String)
    /// The event's moment cannot come again.
    case notDeferrable(event: String)
    /// The observer has no name to be remembered by.
    case deferralNeedsName(event: String)

    /// What happened, in words.
    public var description: String {
        switch self {
        case .notAnAction(let event): "cannot answer \(event) as an action: it is a hook"
        case .notDeferrable(let event): "cannot defer \(event): its moment cannot come again"
        case .deferralNeedsName(let event):
            "cannot defer \(event): register its observer with on(_:deferrableAs:_:) so that it can be found again"
        }
    }
}
