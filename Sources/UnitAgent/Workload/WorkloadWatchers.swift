// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import LinuxSupport
import PebbleAPI
import Synchronization

/// Watches the Pebble of each container, on a thread each.
final class WorkloadWatchers: Sendable {
    private let core: AgentCore
    private let connect: @Sendable (String) -> any WorkloadConnection
    private let isStopped = Mutex(false)
    private let watched = Mutex<Set<String>>([])

    init(core: AgentCore, connect: (@Sendable (String) -> any WorkloadConnection)? = nil) {
        self.core = core
        self.connect = connect ?? { PebbleWorkload(socketPath: $0) }
    }

    /// Begins to watch the containers of the charm that are not watched yet.
    func start() throws(SystemError) {
        for name in core.charm.containers where watched.withLock({ $0.insert(name).inserted }) {
            let socket = "\(core.configuration.containersDirectory)/\(name)/pebble.socket"
            let connection = connect(socket)
            try startThread(named: "watch-\(name)") { [self] in
                WorkloadWatcher(container: name, core: core, connection: connection) { [weak self] in
                    self?.hasEnded(name) ?? true
                }.run()
            }
        }
    }

    func stop() { isStopped.withLock { $0 = true } }

    /// Whether a container is watched no more: all are not, or the charm has it no longer.
    private func hasEnded(_ name: String) -> Bool {
        if isStopped.withLock({ $0 }) { return true }
        if core.charm.containers.contains(name) { return false }
        watched.withLock { _ = $0.remove(name) }
        return true
    }
}

/// Watches the Pebble of one container.
///
/// Blocks its thread.
struct WorkloadWatcher {
    let container: String
    let core: AgentCore
    let connection: any WorkloadConnection
    let isStopped: () -> Bool

    func run() {
        var cursor = (try? core.store.read { try $0.noticeCursor(container: container) }).flatMap { $0 }.flatMap(
            Timestamp.init
        )
        let interval = core.configuration.workloadPollInterval
        while !isStopped() {
            do {
                let bootID = try connection.bootID()
                observe(bootID)
                // Waiting for a notice is also the pause before Pebble is asked again whether it is the same.
                let began = ContinuousClock.now
                let notices = try connection.notices(after: cursor, timeout: interval)
                for notice in notices {
                    if let kind = try kind(of: notice) {
                        enqueue(
                            WorkloadEvent(container: container, kind: kind, cursor: notice.lastRepeated.description)
                        )
                    }
                    cursor = notice.lastRepeated
                }
                if notices.isEmpty { pause(interval - (ContinuousClock.now - began)) }
            } catch {
                // Not reachable is a state like others: the container's Pebble may be starting, or gone.
                setReachable(false)
                pause(interval)
            }
        }
    }

    private func pause(_ duration: Duration) {
        guard duration > .zero else { return }
        // A signal nobody gives: the thread only sleeps, but on the right clock.
        let silence = ChangeSignal()
        silence.wait(since: silence.generation, atMost: duration)
    }

    private func observe(_ bootID: String) {
        setReachable(true)
        let event = WorkloadEvent(container: container, kind: .ready(bootID: bootID), cursor: nil)
        let isNew = core.memory.withLock { memory in
            guard memory.containers[container]?.toldBootID != bootID, !memory.workloadEvents.contains(event) else {
                return false
            }
            // A start that was overtaken by another before the charm heard of it is no news any more.
            memory.workloadEvents.removeAll { $0.container == container && $0.event == event.event }
            memory.workloadEvents.append(event)
            return true
        }
        if isNew { core.changes.signal() }
    }

    private func enqueue(_ event: WorkloadEvent) {
        core.memory.withLock { memory in
            // While a hook is in error nothing is told, for hours perhaps: what has been overtaken is no news then.
            if memory.failures > 0 { memory.workloadEvents.removeAll { event.overtakes($0) } }
            memory.workloadEvents.append(event)
        }
        core.changes.signal()
    }

    private func setReachable(_ isReachable: Bool) {
        let isNew = core.memory.withLock { memory in
            guard memory.containers[container]?.isReachable != isReachable else { return false }
            memory.containers[container]?.isReachable = isReachable
            return true
        }
        if isNew { core.changes.announce() }
    }

    /// What the charm is to be told of a notice, if anything.
    private func kind(of notice: WorkloadNotice) throws -> WorkloadEvent.Kind? {
        switch notice.type {
        case "custom": return .customNotice(NoticeEvent(id: notice.id, type: notice.type, key: notice.key))
        case "change-update":
            // Most updates are of services; only those of checks are worth the question.
            if let kind = notice.data["kind"], kind != "perform-check", kind != "recover-check" { return nil }
            guard let change = try connection.change(notice.key),
                let check = notice.data["check-name"] ?? change.check
            else { return nil }
            switch (change.kind, change.status) {
            case ("perform-check", "Error"): return .checkFailed(check: check)
            case ("recover-check", "Done"): return .checkRecovered(check: check)
            default: return nil
            }
        default: return nil
        }
    }
}
