// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PebbleAPI

/// A task that a change is to be made of.
struct TaskPlan: Sendable {
    var kind: String
    var summary: String
    var subject: String
    var lane: Int
    var stage: Int = 0
}

extension Supervisor {
    // MARK: - Changes

    /// Makes a change with its tasks, and tells of it.
    ///
    /// It is found by `subjects`, those asked for; without them by what its tasks are about.
    func makeChange(
        kind: String,
        summary: String,
        tasks plans: [TaskPlan],
        about subjects: [String]? = nil,
        data: [String: JSONValue]? = nil,
        initialStatus: ChangeStatus = .toDo
    ) -> Change {
        let now = now
        document.lastChangeID += 1
        let id = String(document.lastChangeID)
        let tasks = plans.map { plan in
            document.lastTaskID += 1
            return ChangeTask(
                id: String(document.lastTaskID),
                change: id,
                kind: plan.kind,
                summary: plan.summary,
                status: initialStatus,
                log: [],
                spawnTime: now,
                data: nil,
                subject: plan.subject,
                lane: plan.lane,
                stage: plan.stage
            )
        }
        let change = Change(
            id: id,
            kind: kind,
            summary: summary,
            taskIDs: tasks.map(\.id),
            spawnTime: now,
            readyTime: tasks.isEmpty ? now : nil,
            data: data,
            subjects: Set(subjects ?? plans.map(\.subject)).filter { !$0.isEmpty }.sorted()
        )
        document.changes[id] = change
        save(.change(change))
        for task in tasks {
            document.tasks[task.id] = task
            save(.task(task))
        }
        recordChangeUpdate(change)
        return change
    }

    func tasks(of change: Change) -> [ChangeTask] {
        change.taskIDs.compactMap { document.tasks[$0] }
    }

    func info(of change: Change) -> ChangeInfo {
        ChangeRules.info(of: change, tasks: tasks(of: change))
    }

    func changeInfo(_ id: String) throws(DaemonError) -> ChangeInfo { info(of: try change(id)) }

    /// The changes that fit, oldest first.
    func changes(_ isWanted: @Sendable (Change) -> Bool) -> [ChangeInfo] {
        document.changes.values.filter(isWanted)
            .sorted { (Int($0.id) ?? 0) < (Int($1.id) ?? 0) }
            .map(info)
    }

    /// Changes a task, and tells of it when that changes the status of its change.
    func update(_ id: String, _ body: (inout ChangeTask) -> Void) {
        guard var task = document.tasks[id], var change = document.changes[task.change] else { return }
        let before = ChangeRules.status(of: tasks(of: change))
        body(&task)
        if task.status.isReady, task.readyTime == nil { task.readyTime = now }
        document.tasks[id] = task
        save(.task(task))
        let after = ChangeRules.status(of: tasks(of: change))
        guard after != before else { return }
        surroundings.log.debug("Change \(change.id) (\(change.kind)): \(before.rawValue) -> \(after.rawValue)")
        if after.isReady {
            change.readyTime = now
            document.changes[change.id] = change
            save(.change(change))
            laneTasks[change.id] = nil
        }
        recordChangeUpdate(change)
        if after.isReady { wakeChangeWaiters(change.id) }
    }

    /// Adds a line to the log of a task, of which the last few are kept if `limit` says so.
    func log(_ id: String, _ level: String, _ text: String, limit: Int? = nil) {
        let line = "\(now.text(fractionDigits: 0)) \(level) \(text)"
        update(id) { task in
            task.log.append(line)
            if let limit, task.log.count > limit { task.log.removeFirst(task.log.count - limit) }
        }
    }

    func change(_ id: String) throws(DaemonError) -> Change {
        guard let change = document.changes[id] else {
            throw DaemonError(.notFound, "cannot find change with id \"\(id)\"")
        }
        return change
    }

    /// Waits until a change is ready, or the time is up.
    ///
    /// Says whether it is ready.
    func waitForChange(_ id: String, timeout: Duration?) async throws(DaemonError) -> Bool {
        guard try change(id).readyTime == nil else { return true }
        await wait(timeout: timeout) { continuation, number in
            changeWaiters[id, default: [:]][number] = continuation
        } remove: { supervisor, number in
            supervisor.changeWaiters[id]?.removeValue(forKey: number)
        }
        return try change(id).readyTime != nil
    }

    private func wakeChangeWaiters(_ id: String) {
        for waiter in (changeWaiters.removeValue(forKey: id) ?? [:]).values { waiter.resume() }
    }

    /// Suspends until resumed, the time is up, or the task is cancelled.
    func wait(
        timeout: Duration?,
        register: (CheckedContinuation<Void, Never>, Int) -> Void,
        remove: @escaping @Sendable (isolated Supervisor, Int) -> CheckedContinuation<Void, Never>?
    ) async {
        if let timeout, timeout <= .zero { return }
        nextWaiter += 1
        let number = nextWaiter
        var timer: Scheduled<Void>?
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                register(continuation, number)
                // Not before: however short the time, there has to be somebody to resume when it is up.
                timer = timeout.map { schedule(in: $0) { remove($0, number)?.resume() } }
                // Cancelled before it was registered, when nobody was there to be removed.
                if Task.isCancelled { remove(self, number)?.resume() }
            }
        } onCancel: {
            perform { remove($0, number)?.resume() }
        }
        timer?.cancel()
    }

    // MARK: - Saving

    /// Remembers what is to be saved; written once the current piece of work is over, or by ``flush()`` before.
    func save(_ record: StateRecord) {
        guard store != nil else { return }
        unsaved.append(record)
        guard !isSaveScheduled else { return }
        isSaveScheduled = true
        perform { $0.flush() }
    }

    /// Writes what is unsaved.
    ///
    /// To be called before anybody is told of it.
    func flush() {
        isSaveScheduled = false
        guard let store, !unsaved.isEmpty else { return }
        let records = latest(unsaved)
        unsaved = []
        // The document has it all, and is written whole once there is room for it.
        guard saveFailure == nil else { return }
        do {
            try store.append(records)
            if store.isCompactionDue { compact() }
        } catch {
            surroundings.log.write("Cannot save state: \(error)")
            saveFailure = "\(error)"
            saveLater()
        }
    }

    /// Services go on without it, so it is tried again for as long as it takes.
    private func saveLater() {
        _ = schedule(in: .seconds(1)) { supervisor in
            guard let store = supervisor.store, supervisor.saveFailure != nil else { return }
            supervisor.unsaved = []
            supervisor.document.prune(now: supervisor.now)
            do {
                try store.rewrite(supervisor.document)
                supervisor.saveFailure = nil
                supervisor.surroundings.log.write("State is saved again.")
            } catch {
                supervisor.saveFailure = "\(error)"
                supervisor.saveLater()
            }
        }
    }

    /// A task that changed five times in one piece of work is written once.
    private func latest(_ records: [StateRecord]) -> [StateRecord] {
        var seen: Set<String> = []
        return records.reversed().filter { record in
            switch record {
            case .change(let change): seen.insert("c\(change.id)").inserted
            case .task(let task): seen.insert("t\(task.id)").inserted
            case .notice(let notice): seen.insert("n\(notice.id)").inserted
            case .identities: seen.insert("i").inserted
            case .process(let process): seen.insert("p\(process.key)").inserted
            case .processGone(let service): seen.insert("p\(service)").inserted
            }
        }.reversed()
    }

    private func compact() {
        document.prune(now: now)
        do {
            try store?.compact(document) { error in
                self.perform { supervisor in
                    supervisor.store?.compactionEnded(isDone: error == nil)
                    if let error { supervisor.surroundings.log.write("Cannot save state: \(error)") }
                }
            }
        } catch {
            surroundings.log.write("Cannot save state: \(error)")
        }
    }

    /// Waits until what was saved survives a power cut.
    func synchronise() async throws(DaemonError) {
        flush()
        if let saveFailure { throw DaemonError(.failed, "cannot save state: \(saveFailure)") }
        do {
            try await store?.synchronise()
        } catch {
            throw DaemonError(.failed, "cannot save state: \(error)")
        }
    }

    /// Writes the whole state at the orderly end.
    func finishState() {
        flush()
        document.prune(now: now)
        do {
            try store?.finish(document)
        } catch {
            surroundings.log.write("Cannot save state: \(error)")
        }
        store = nil
    }
}
