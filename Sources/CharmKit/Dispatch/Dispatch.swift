// SPDX-License-Identifier: Apache-2.0

import Glibc
import HookProtocol

/// One dispatch of a charm: deferred events, the event, the statuses, the commit.
///
/// Knows nothing of processes: the main program gives it real transports, a test gives it others.
package struct Dispatch {
    package let environment: HookEnvironment
    package let tools: any HookTools
    package let metadata: () throws -> CharmMetadata
    package let connect: (String) -> any PebbleConnection
    /// Writes a line to standard output.
    package let writeOutput: (String) -> Void
    /// Whether a charm that wants relations remembered has them so.
    package let remembersRelations: Bool
    /// The types the charm read its configuration and parameters into.
    package let typesRead = TypesRead()

    package init(
        environment: HookEnvironment,
        tools: any HookTools,
        metadata: @escaping () throws -> CharmMetadata,
        connect: @escaping (String) -> any PebbleConnection,
        writeOutput: @escaping (String) -> Void,
        remembersRelations: Bool = true
    ) {
        self.environment = environment
        self.remembersRelations = remembersRelations
        self.tools = tools
        self.metadata = metadata
        self.connect = connect
        self.writeOutput = writeOutput
    }

    /// Runs a charm.
    ///
    /// - Parameter makeCharm: Creates the charm.
    /// - Returns: The error that makes the dispatch fail; nil when it ends well.
    package func run(_ makeCharm: (HookEnvironment) throws -> any Charm) -> (any Error)? {
        // Almost no hook tool works in these; there is nothing a charm could do.
        if environment.event.isRestricted { return nil }
        let model = Model(
            environment: environment,
            tools: tools,
            metadata: metadata,
            connect: connect,
            writeOutput: writeOutput,
            typesRead: typesRead
        )
        var action: Action?
        if case .action(let event) = environment.event {
            action = Action(event: event, caller: model.caller, typesRead: typesRead)
        }
        defer { model.log.flush() }
        do {
            let charm = try makeCharm(environment)
            var observers = Observers()
            charm.observe(&observers)
            if remembersRelations, let limit = observers.relationMemory {
                model.relationStore.remember(
                    in: model.state,
                    for: limit,
                    now: Int64(time(nil)),
                    agent: environment.jujuVersion
                )
            }
            let run = DispatchRun(model: model, observers: observers, action: action)
            try run.run(environment.event)
            try model.commit()
            try action?.commit()
            return nil
        } catch {
            return end(with: error, model: model, action: action)
        }
    }

    /// Ends a dispatch whose handler threw.
    ///
    /// Bad configuration and failed actions are not failures of the charm.
    private func end(with error: any Error, model: Model, action: Action?) -> (any Error)? {
        do {
            switch error {
            case RebootError.now:
                // The agent ends the hook and runs it again: what was gathered belongs to that run.
                return nil
            case let error as ActionError where action != nil:
                action?.fail("\(error)")
                try action?.commit()
                return nil
            case let error as ConfigError:
                if let action {
                    action.fail("\(error)")
                    try action.commit()
                } else {
                    // The event does not come again, so what it was about is not what was remembered.
                    try model.commitMemory()
                    try model.showUnitStatus(.blocked("\(error)"))
                }
                return nil
            default:
                model.log.error("\(environment.event.name) failed: \(error)")
                try action?.commit()
                return error
            }
        } catch {
            model.log.error("\(environment.event.name) failed: \(error)")
            return error
        }
    }
}

/// The observers of one dispatch at work.
final class DispatchRun {
    private let model: Model
    private let observers: Observers
    private let action: Action?
    private var deferred: DeferredEvents?

    init(model: Model, observers: Observers, action: Action?) {
        self.model = model
        self.observers = observers
        self.action = action
    }

    func run(_ event: HookEvent) throws {
        // Only a charm that may defer pays for looking.
        if observers.mayDefer {
            deferred = try DeferredEvents(state: model.state)
            try replay()
        }
        try emit(.hook(event))
        try collectStatus()
        try deferred?.save(to: model.state)
    }

    /// Runs deferred events again in the order they were deferred, each for its one observer.
    private func replay() throws {
        for entry in deferred?.events ?? [] {
            guard let kind = entry.kind, let observer = observer(named: entry.observer, for: kind) else {
                // The charm was upgraded and no longer looks at it.
                model.log.debug("dropping a deferred event of observer \(entry.observer), which is gone")
                deferred?.remove(entry)
                continue
            }
            let event = makeEvent(kind, observer: observer, isReplay: true)
            try observer.handler(event, model)
            if !event.isDeferred { deferred?.remove(entry) }
        }
    }

    private func observer(named name: String, for kind: Event.Kind) -> Observers.Observer? {
        observers.observers.first { $0.deferralName == name && $0.trigger.matches(kind) }
    }

    private func emit(_ kind: Event.Kind) throws {
        for observer in observers.observers where observer.trigger.matches(kind) {
            if let name = observer.deferralName {
                // Still deferred from an earlier dispatch and run again a moment ago: once is enough.
                if deferred?.contains(DeferredEvent(observer: name, kind: kind)) == true { continue }
            }
            let event = makeEvent(kind, observer: observer, isReplay: false)
            try observer.handler(event, model)
            if event.isDeferred, let name = observer.deferralName {
                deferred?.append(DeferredEvent(observer: name, kind: kind))
            }
        }
    }

    private func makeEvent(_ kind: Event.Kind, observer: Observers.Observer, isReplay: Bool) -> Event {
        var relation: Relation?
        var secret: Secret?
        var container: Container?
        var deferral: Event.Deferral = observer.deferralName == nil ? .unnamed : .allowed
        if case .hook(let hook) = kind {
            relation = hook.relation.map { model.relationStore.relation($0.id) }
            secret = hook.secret.map { model.secret(id: $0.id) }
            container = hook.container.map { model.container($0) }
            if !hook.isDeferrable { deferral = .forbidden }
        }
        return Event(
            kind: kind,
            isReplay: isReplay,
            action: kind.isAction ? action : nil,
            relation: relation,
            secret: secret,
            container: container,
            deferral: deferral,
            emitter: { [self] in try emit(.custom($0)) }
        )
    }

    private func collectStatus() throws {
        if !observers.applicationStatus.isEmpty, try model.isLeader() {
            let offered = try observers.applicationStatus.flatMap { try $0(model) }
            if let status = Status.gravest(offered) { try model.setApplicationStatus(status) }
        }
        let offered = try observers.unitStatus.flatMap { try $0(model) }
        if let status = Status.gravest(offered) { model.setUnitStatus(status) }
    }
}

extension Event.Kind {
    fileprivate var isAction: Bool {
        if case .hook(.action) = self { true } else { false }
    }
}

extension HookEvent {
    /// Whether the event can be seen again later; for these its moment is all it is about.
    package var isDeferrable: Bool {
        switch self {
        case .action, .stop, .remove, .secretRotate, .secretExpired, .collectMetrics, .meterStatusChanged: false
        default: true
        }
    }
}
