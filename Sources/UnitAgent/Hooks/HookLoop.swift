// SPDX-License-Identifier: Apache-2.0
import HookProtocol
import LinuxSupport
import PebbleAPI
import Synchronization

/// Runs one hook after the other for as long as there is something to tell the charm.
struct HookLoop: Sendable {
    let core: AgentCore
    let tools: HookToolRunner
    let dispatcher: Dispatcher
    var statistics = HookStatistics()
    /// Called when another charm has been put in place.
    var refreshed: @Sendable () throws -> Void = {}

    private var backoff: RetryBackoff { RetryBackoff(first: core.configuration.firstRetryDelay) }

    /// Runs until the unit is removed, the agent stops or the task is cancelled.
    func run() async throws {
        try killLeftovers()
        while !Task.isCancelled, !core.memory.withLock({ $0.isStopping }) {
            try resolve()
            if try core.refreshIfDue() { try refreshed() }
            let state = try gather()
            if state.isRemoved { return }
            guard let event = Resolver.next(state) else {
                core.setAgentStatus("idle", "")
                await pause(until: try nextTime())
                continue
            }
            try await perform(event)
        }
    }

    /// Kills what a former agent's last dispatch left running.
    private func killLeftovers() throws {
        guard let record = try core.store.read({ try $0.hookRecord() }) else { return }
        let killed = Leftovers.kill(contextID: record.contextID)
        if !killed.isEmpty { core.note(.warning, "killed \(killed.count) processes of an interrupted hook") }
    }

    /// All that decides what comes next, as it is now.
    func gather() throws -> UnitState {
        let time = core.now()
        let memory = core.memory.withLock { $0 }
        let interval = core.configuration.updateStatusInterval
        return try core.store.read { model in
            var state = UnitState()
            state.unit = core.unit.unit
            state.isInstalled = try model.flag(.installed)
            state.isStarted = try model.flag(.started)
            state.isStopped = try model.flag(.stopped)
            state.isRemoved = try model.flag(.removed)
            state.isDying = try model.flag(.dying)
            state.isLeaderElected = try model.flag(.leaderElected)
            state.hasRebooted = try model.fact(.hostBoot) != core.hostBoot
            state.isCharmNew = try model.fact(.charmFingerprint) != model.charmMark(core.charmFingerprint)
            state.isConfigNew = try !memory.isConfigTold || model.fact(.configHash) != core.configHash(model)
            state.isUpdateStatusDue = time >= memory.lastUpdateStatus + interval
            state.relations = try model.relations()
            state.secrets = try model.secretsDue(now: time.seconds)
            state.storages = try model.storages()
            state.workloadEvents = memory.workloadEvents
            state.action = try model.nextTask().map { ActionEvent(name: $0.name, id: String($0.id)) }
            if let record = try model.hookRecord(), !(try record.event().isAction) {
                state.unfinishedHook = UnfinishedHook(
                    event: try record.event(),
                    failures: memory.failures,
                    isDue: memory.failures == 0 || time >= memory.retryAt
                )
            }
            return state
        }
    }

    /// When something becomes due without anybody saying so.
    private func nextTime() throws -> Timestamp {
        let memory = core.memory.withLock { $0 }
        // While a hook is in error nothing else is told, however long it has been due.
        if memory.failures > 0 { return memory.retryAt }
        var times = [memory.lastUpdateStatus + core.configuration.updateStatusInterval]
        if let seconds = try core.store.read({ try $0.nextSecretTime() }) { times.append(Timestamp(seconds: seconds)) }
        return times.min() ?? core.now()
    }

    private func pause(until time: Timestamp) async {
        // Not forever, in case the clock on the wall is set; not at once, in case what is due cannot run now.
        let delay = min(max(time - core.now(), .milliseconds(10)), .seconds(60))
        let signal = core.changes
        let timer = Task {
            // Cancelled when a change came first; then there is nobody to wake.
            if (try? await Task.sleep(for: delay)) != nil { signal.wake() }
        }
        await signal.nextWake()
        timer.cancel()
    }

    /// Does what an operator said about the failed hook.
    private func resolve() throws {
        let (resolution, failures) = core.memory.withLock { memory in
            defer { memory.resolution = nil }
            return (memory.resolution, memory.failures)
        }
        guard let resolution, failures > 0 else { return }
        switch resolution {
        case .retry:
            let time = core.now()
            core.memory.withLock { $0.retryAt = time }
        case .skip:
            guard let event = try core.store.read({ try $0.hookRecord()?.event() }) else { return }
            let marks = try core.store.read { try core.marks(for: event, $0) }
            try core.commit(event, HookContext(id: "", event: event, task: nil), marks)
            core.note(.info, "hook \"\(event.name)\" taken as done by the operator")
        }
    }

    /// Runs a hook or action and commits what came of it.
    private func perform(_ event: HookEvent) async throws {
        let contextID = "\(core.unit.unitName)-\(event.name)-\(SecretText.newID())"
        guard let marks = try core.begin(event, contextID: contextID) else { return }
        core.setAgentStatus("executing", "running \(event.isAction ? "action" : "hook") \(event.name)")
        let task = event.task
        tools.begin(HookContext(id: contextID, event: event, task: task))
        let began = ContinuousClock.now
        let result = await run(event, contextID: contextID) { cancel in
            let isCancelled = core.memory.withLock { memory in
                memory.runningTask = task.map { ($0, cancel) }
                memory.cancelHook = cancel
                return task != nil && memory.cancelledTask == task
            }
            if isCancelled { cancel() }
        }
        core.memory.withLock { ($0.runningTask, $0.cancelHook) = (nil, nil) }
        let context = tools.end() ?? HookContext(id: contextID, event: event, task: task)
        // The agent ends: the hook stays unfinished and is run again by the next one.
        if Task.isCancelled { throw CancellationError() }
        if let task {
            try core.finish(task: task, event, context, result)
            statistics.record(event, took: .now - began, succeeded: result.isSuccess)
        } else {
            // The hook stays unfinished, and is run again after the reboot.
            let isInterrupted = context.reboot == .now && result.isCancelled
            let succeeded = isInterrupted || finish(event, context, marks, result)
            statistics.record(event, took: .now - began, succeeded: succeeded)
            if succeeded, context.reboot != nil { await reboot(during: isInterrupted ? event : nil) }
        }
        core.changes.signal()
    }

    /// Has the charm do a hook or action, or the operator who wants to do it by hand.
    private func run(
        _ event: HookEvent,
        contextID: String,
        started: (@escaping @Sendable () -> Void) -> Void
    ) async -> DispatchResult {
        if let session = core.memory.withLock({ $0.debugSession }), session.wants(event) {
            started { session.finish(DispatchResult(exit: nil, failure: "killed", isCancelled: true)) }
            if let result = await session.run(dispatcher.debugHook(event, contextID: contextID)) {
                // What was started in the shell ends with it, as what a charm starts does.
                if result.exit == nil { _ = Leftovers.kill(contextID: contextID) }
                return result
            }
        }
        return await dispatcher.dispatch(event, contextID: contextID, started: started)
    }

    /// Commits what a hook asked for; tells whether it ended well.
    private func finish(
        _ event: HookEvent,
        _ context: HookContext,
        _ marks: HookMarks,
        _ result: DispatchResult
    ) -> Bool {
        let how = "(via hook dispatching script: dispatch)"
        guard result.isSuccess else {
            core.note(.error, "hook \"\(event.name)\" \(how) failed: \(result.reason)")
            failed(event)
            return false
        }
        do {
            try core.commit(event, context, marks)
            core.note(.info, "ran \"\(event.name)\" hook \(how)")
            return true
        } catch {
            core.note(.error, "hook \"\(event.name)\" \(how) failed: committing requested changes failed: \(error)")
            failed(event)
            return false
        }
    }

    func failed(_ event: HookEvent) {
        let time = core.now()
        let jitter = Double.random(in: -1...1)
        let retries = core.configuration.retriesHooks
        core.memory.withLock { memory in
            memory.failures += 1
            // A century is as good as never: whoever says resolved makes it now.
            let delay = retries ? backoff.delay(failures: memory.failures, jitter: jitter) : .seconds(3_000_000_000)
            memory.retryAt = time + delay
        }
        core.setAgentStatus("idle", "")
    }
}

extension HookEvent {
    /// The number of the task, if this is an action.
    var task: Int? {
        guard case .action(let action) = self else { return nil }
        return Int(action.id)
    }
}
