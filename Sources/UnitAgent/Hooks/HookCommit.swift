// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HookProtocol
import PebbleAPI
import Synchronization

extension AgentCore {
    /// Notes that a hook begins; `nil` when it has become pointless meanwhile.
    ///
    /// From here to its commit the hook is unfinished on disk: whatever happens, it is run again.
    func begin(_ event: HookEvent, contextID: String) throws -> HookMarks? {
        try store.write { model in
            if let relation = event.relation, try model.relation(relation.id.number) == nil { return nil }
            if let task = event.task {
                guard try model.task(task)?.status == .pending else { return nil }
                try model.setTask(task, status: .running)
                try model.setFact(.runningTask, String(task))
                return try marks(for: event, model)
            }
            if case .storageAttached(let storage) = event, let location = storage.location {
                try makeDirectory(location)
            }
            try model.setHookRecord(HookRecord(event: event, contextID: contextID))
            return try marks(for: event, model)
        }
    }

    /// What a hook that begins now tells the charm.
    func marks(for event: HookEvent, _ model: Model) throws -> HookMarks {
        HookMarks(
            configHash: try configHash(model),
            charmFingerprint: try model.charmMark(charmFingerprint),
            hostBoot: hostBoot,
            databagVersion: try model.databagVersion(of: event),
            secretRevision: try model.secretRevision(of: event),
            // Not looked up at the commit: by then Pebble may have started once more, which the charm has not seen.
            workloadEvent: memory.withLock { $0.workloadEvents.first { $0.event == event } }
        )
    }

    /// Commits a hook that succeeded: its writes, and that the charm knows, in one transaction.
    func commit(_ event: HookEvent, _ context: HookContext, _ marks: HookMarks) throws {
        let (time, unit) = (now(), unit)
        let told = marks.workloadEvent
        try store.write { model in
            try model.checkLead(context.writes, unit)
            for write in context.writes { try write.apply(to: model) }
            try model.setTold(event, marks, now: time.seconds)
            try noteConfig(seenBy: context, model)
            try model.setHookRecord(nil)
            if let told, let cursor = told.cursor { try model.setNoticeCursor(cursor, container: told.container) }
            if case .start = event, try model.status(of: unit.unitName)?.message == Model.installing {
                try model.setStatus(of: unit.unitName, "unknown", "", at: time)
            }
        }
        memory.withLock { memory in
            memory.failures = 0
            if case .configChanged = event { memory.isConfigTold = true }
            if case .upgradeCharm = event { memory.isConfigTold = false }
            switch event {
            case .updateStatus, .start: memory.lastUpdateStatus = time
            default: break
            }
            guard let told else { return }
            memory.workloadEvents.removeAll { $0 == told }
            if case .ready(let bootID) = told.kind { memory.containers[told.container]?.toldBootID = bootID }
        }
        changes.signal()
    }

    /// Notes what configuration a dispatch saw, as any charm may act on it at any event.
    ///
    /// One that was set and taken back while the dispatch ran leaves no other trace, and yet the charm must be told.
    private func noteConfig(seenBy context: HookContext, _ model: Model) throws {
        guard let seen = try context.userConfig.map({ try configHash(user: $0) }) else { return }
        if case .configChanged = context.event {
            try model.setFact(.configHash, seen)
        } else if try model.fact(.configHash) != seen {
            try model.setFact(.configHash, nil)
        }
    }

    /// Ends a task with what its dispatch came to.
    func finish(task: Int, _ event: HookEvent, _ context: HookContext, _ result: DispatchResult) throws {
        var results = context.outcome.results
        results["return-code"] = String(result.code)
        Self.add(result.output, as: "stdout", to: &results)
        Self.add(result.errorOutput, as: "stderr", to: &results)
        var status: TaskState.Status = context.outcome.failure == nil ? .completed : .failed
        var message = context.outcome.failure ?? ""
        if result.isCancelled {
            (status, message) = (.aborted, "action was cancelled")
        } else if !result.isSuccess {
            (status, message) = (.failed, result.reason)
        } else {
            do {
                try endTask(task, status, message, results, context, writes: context.writes)
                note(.info, "ran action \"\(event.name)\" (task \(task)): \(status.rawValue)")
                return
            } catch {
                note(.error, "action \"\(event.name)\" (task \(task)): committing requested changes failed: \(error)")
                results["return-code"] = "1"
                (status, message) = (.failed, "committing requested changes failed")
            }
        }
        try endTask(task, status, message, results, context, writes: [])
        note(.info, "ran action \"\(event.name)\" (task \(task)): \(status.rawValue)")
    }

    private func endTask(
        _ task: Int,
        _ status: TaskState.Status,
        _ message: String,
        _ results: [String: String],
        _ context: HookContext,
        writes: [ModelWrite]
    ) throws {
        let unit = unit
        try store.write { model in
            try model.checkLead(writes, unit)
            for write in writes { try write.apply(to: model) }
            try model.setTask(task, status: status, message: message, results: results)
            try noteConfig(seenBy: context, model)
            try model.setFact(.runningTask, nil)
            try model.pruneTasks(keeping: 500)
        }
    }

    private static func add(_ output: [UInt8], as name: String, to results: inout [String: String]) {
        guard !output.isEmpty else { return }
        if let text = String(validating: output, as: UTF8.self) {
            results[name] = text
        } else {
            results[name] = Data(output).base64EncodedString()
            results["\(name)-encoding"] = "base64"
        }
    }

    func setAgentStatus(_ status: String, _ message: String) {
        let time = now().description
        let isNew = memory.withLock { memory in
            guard memory.agentStatus.status != status || memory.agentStatus.message != message else { return false }
            memory.agentStatus = EntityStatus(status: status, message: message, since: time)
            return true
        }
        if isNew { changes.announce() }
    }
}

extension Model {
    /// The unfinished hook.
    func hookRecord() throws -> HookRecord? { try fact(.pendingHook).map { try AgentJSON.decode(from: $0) } }

    func setHookRecord(_ record: HookRecord?) throws {
        try setFact(.pendingHook, try record.map { try AgentJSON.text($0) })
    }

    /// How far the charm has been told of a container's notices.
    func noticeCursor(container: String) throws -> String? {
        try connection.row("SELECT value FROM fact WHERE key = ?", .text("notice-cursor:\(container)"))?.text(0)
    }

    func setNoticeCursor(_ cursor: String, container: String) throws {
        try connection.run(
            "INSERT OR REPLACE INTO fact VALUES (?, ?)",
            .text("notice-cursor:\(container)"),
            .text(cursor)
        )
    }
}
