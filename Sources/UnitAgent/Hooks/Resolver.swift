// SPDX-License-Identifier: Apache-2.0
import HookProtocol

/// Decides which hook comes next, in the order of priority of Juju's agent.
enum Resolver {
    /// The next hook or action, or `nil` when the charm knows all there is.
    static func next(_ state: UnitState) -> HookEvent? {
        if state.isRemoved { return nil }
        if let hook = state.unfinishedHook {
            // While a hook is unfinished nothing else runs but actions; one that never ran to its end goes first.
            if hook.failures > 0, let action = action(state) { return action }
            return hook.isDue ? hook.event : nil
        }
        guard state.isInstalled else { return beforeInstall(state) }
        if state.isDying { return action(state) ?? teardown(state) }
        return upkeep(state)
            ?? (state.isConfigNew ? .configChanged : nil)
            ?? (state.isStarted ? nil : .start)
            ?? relationHook(state)
            ?? (state.isUpdateStatusDue ? .updateStatus : nil)
    }

    private static func beforeInstall(_ state: UnitState) -> HookEvent? {
        // A unit removed before it was ever installed has nothing to take down.
        if state.isDying { return state.isStopped ? .remove : .stop }
        if let storage = state.storages.first(where: { !$0.isAttached }) { return .storageAttached(storage.event) }
        return .install
    }

    /// What comes before the chain of configuration, start and relations.
    private static func upkeep(_ state: UnitState) -> HookEvent? {
        if state.isStarted, state.hasRebooted { return .start }
        if state.isCharmNew { return .upgradeCharm }
        if let created = relationCreated(state) { return created }
        if !state.isLeaderElected { return .leaderElected }
        if let event = state.workloadEvents.first { return event.event }
        if let due = state.secrets.first { return due.event }
        if let action = action(state) { return action }
        if let leaving = state.storages.first(where: { $0.isDetaching }) { return .storageDetaching(leaving.event) }
        return state.storages.first { !$0.isAttached }.map { .storageAttached($0.event) }
    }

    private static func action(_ state: UnitState) -> HookEvent? {
        guard state.isInstalled, !state.isStopped else { return nil }
        return state.action.map(HookEvent.action)
    }

    private static func relationCreated(_ state: UnitState) -> HookEvent? {
        let waiting = state.relations.filter { !$0.isCreated && !$0.isDying }
        let next = waiting.first { $0.isPeer } ?? waiting.first
        return next.map { .relationCreated(RelationEvent(id: $0.id, remoteApplication: $0.remoteApplication)) }
    }

    private static func teardown(_ state: UnitState) -> HookEvent? {
        if let storage = state.storages.first(where: { $0.isAttached }) { return .storageDetaching(storage.event) }
        if let hook = relationHook(state) { return hook }
        return state.isStopped ? .remove : .stop
    }

    private static func relationHook(_ state: UnitState) -> HookEvent? {
        for relation in state.relations where relation.isCreated {
            if let hook = relationHook(relation, state) { return hook }
        }
        return nil
    }

    /// The next hook within one relation.
    private static func relationHook(_ relation: RelationState, _ state: UnitState) -> HookEvent? {
        let isLeaving = relation.isDying || state.isDying
        let event = { (unit: String?) in
            RelationEvent(
                id: relation.id,
                remoteApplication: relation.remoteApplication,
                remoteUnit: unit.flatMap { UnitName($0) }
            )
        }
        if let unit = relation.owedChanged { return .relationChanged(event(unit)) }
        if let gone = relation.members.first(where: { $0.isJoined && (isLeaving || !$0.isPresent) }) {
            var departed = event(gone.unit)
            departed.departingUnit = state.isDying ? state.unit : departed.remoteUnit
            return .relationDeparted(departed)
        }
        if isLeaving { return relation.isPeer ? nil : .relationBroken(event(nil)) }
        // Version 0 is a databag nobody has written: there is nothing to tell.
        if relation.version != relation.seenVersion, relation.version != 0 { return .relationChanged(event(nil)) }
        if let new = relation.members.first(where: { !$0.isJoined && $0.isPresent }) {
            return .relationJoined(event(new.unit))
        }
        return relation.members.first { $0.version != $0.seenVersion }.map { .relationChanged(event($0.unit)) }
    }
}

extension StorageState {
    var event: StorageEvent {
        StorageEvent(name: name, index: Int(id.drop { $0 != "/" }.dropFirst()) ?? 0, location: location, kind: kind)
    }
}

extension SecretDue {
    var event: HookEvent {
        switch self {
        case .changed(let id, let label, _): .secretChanged(SecretEvent(id: SecretText.uri(id), label: label))
        case .rotate(let id, let label): .secretRotate(SecretEvent(id: SecretText.uri(id), label: label))
        case .expired(let id, let label, let revision):
            .secretExpired(SecretEvent(id: SecretText.uri(id), label: label, revision: revision))
        case .remove(let id, let label, let revision):
            .secretRemove(SecretEvent(id: SecretText.uri(id), label: label, revision: revision))
        }
    }
}
