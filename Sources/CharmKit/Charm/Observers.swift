// SPDX-License-Identifier: Apache-2.0

/// What a charm observes; filled by ``Charm/observe(_:)``.
public struct Observers {
    struct Observer {
        let trigger: Trigger
        /// The name a deferral is remembered under; nil when the observer may not defer.
        let deferralName: String?
        let handler: EventHandler
    }

    private(set) var observers: [Observer] = []
    private(set) var unitStatus: [(Model) throws -> [Status]] = []
    private(set) var applicationStatus: [(Model) throws -> [Status]] = []
    /// How long what was read of relations is remembered, in seconds; nil for not at all.
    private(set) var relationMemory: Int64?

    init() {}

    /// Runs a handler on the events of a trigger.
    ///
    /// Handlers of one event run in the order they were registered.
    ///
    /// - Parameters:
    ///   - trigger: Which events.
    ///   - handler: What to do.
    public mutating func on(_ trigger: Trigger, _ handler: @escaping EventHandler) {
        observers.append(Observer(trigger: trigger, deferralName: nil, handler: handler))
    }

    /// Runs a handler that may call ``Event/defer()`` on the events of a trigger.
    ///
    /// A charm with such an observer reads the unit's stored state once on every event, to see whether something was
    /// deferred; a charm without has no such cost.
    ///
    /// - Parameters:
    ///   - trigger: Which events.
    ///   - name: The name a deferral is remembered under; it must be unique and stay the same across upgrades of the
    ///     charm.
    ///   - handler: What to do.
    public mutating func on(_ trigger: Trigger, deferrableAs name: String, _ handler: @escaping EventHandler) {
        precondition(
            !observers.contains { $0.deferralName == name && $0.trigger == trigger },
            "two observers of \(trigger) are named \(name): a deferred event could not be told which one to run again"
        )
        observers.append(Observer(trigger: trigger, deferralName: name, handler: handler))
    }

    /// Has what is read of relations remembered from one event to the next, so that it is not read each time.
    ///
    /// Reading a relation takes a call for its id, one for its units and one for each databag; a charm that looks at all
    /// of them on every event mostly reads what it read before. With this, a relation is read when an event of that
    /// endpoint comes, and costs nothing at other events: all that is remembered comes with the stored state, in one
    /// call. What handlers see may be what they have been told, where it would be newer without: then an event that
    /// says so is on its way.
    ///
    /// Everything is read anew at `install`, `start` and `upgrade-charm`, with another version of the agent, and once
    /// the time is up, in case an event was lost. The own application's databags are read anew by a new leader. Contents
    /// of secrets are never remembered. Of an endpoint with more than 32 KiB of databags nothing is.
    ///
    /// - Parameter duration: After how long all is read anew.
    public mutating func rememberRelations(for duration: Duration = .seconds(1800)) {
        relationMemory = duration.components.seconds
    }

    /// Has the unit's status decided at the end of every event, deferred ones included.
    ///
    /// All that is offered by all collectors is compared, and the gravest is set: blocked before maintenance before
    /// waiting before active; of equals the first. When nothing is offered, nothing is set.
    ///
    /// - Parameter collect: Offers statuses.
    public mutating func collectUnitStatus(_ collect: @escaping (Model) throws -> [Status]) {
        unitStatus.append(collect)
    }

    /// Has the application's status decided at the end of every event, on the leader.
    ///
    /// - Parameter collect: Offers statuses, compared as for ``collectUnitStatus(_:)``.
    public mutating func collectApplicationStatus(_ collect: @escaping (Model) throws -> [Status]) {
        applicationStatus.append(collect)
    }

    var mayDefer: Bool { observers.contains { $0.deferralName != nil } }
}
