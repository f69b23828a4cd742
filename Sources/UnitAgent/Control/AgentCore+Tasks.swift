// SPDX-License-Identifier: Apache-2.0
import Synchronization

extension AgentCore {
    /// Queues an action.
    func enqueue(_ name: String, _ parameters: [String: String]) throws -> ActionResult {
        guard let action = charm.action(name) else {
            let known = charm.actions.map(\.name).joined(separator: ", ")
            throw ControlFailure(.notFound, "the charm \(charm.name) has no action \(name); it has \(known)")
        }
        let values = try action.resolve(parameters)
        let id = try store.write { try $0.addTask(name: name, parameters: values) }
        changes.signal()
        return try task(id, logFrom: 0)
    }

    /// The state of a task.
    func task(_ id: Int, logFrom: Int) throws -> ActionResult {
        try store.read { model in
            guard let task = try model.task(id) else { throw ControlFailure(.notFound, "there is no task \(id)") }
            return ActionResult(
                id: id,
                name: task.name,
                status: task.status.rawValue,
                message: task.message,
                results: task.results,
                log: try model.taskLog(id, from: logFrom)
            )
        }
    }

    /// The state of a task once there is news of it, or the time is up.
    ///
    /// Blocks.
    func waitForTask(_ id: Int, logFrom: Int, atMost limit: Duration) throws -> ActionResult {
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while true {
            let generation = changes.generation
            let result = try task(id, logFrom: logFrom)
            let left = deadline - clock.now
            if result.isFinished || !result.log.isEmpty || left <= .zero { return result }
            changes.wait(since: generation, atMost: left)
        }
    }

    /// Cancels a task.
    func cancelTask(_ id: Int) throws {
        let wasPending = try store.write { model in
            guard let task = try model.task(id) else { throw ControlFailure(.notFound, "there is no task \(id)") }
            guard task.status == .pending else { return false }
            try model.setTask(id, status: .aborted, message: "action was cancelled")
            return true
        }
        if wasPending { return changes.signal() }
        guard try store.read({ try $0.task(id)?.status }) == .running else {
            throw ControlFailure(.conflict, "task \(id) has ended")
        }
        let cancel = memory.withLock { memory in
            // It may be running on paper and not yet as a process: then it is killed as soon as it is one.
            memory.cancelledTask = id
            return memory.runningTask.flatMap { $0.id == id ? $0.cancel : nil }
        }
        cancel?()
    }

    /// Lets a failed hook go on.
    func resolve(_ resolution: AgentMemory.Resolution) throws {
        let isFailed = memory.withLock { memory in
            guard memory.failures > 0 else { return false }
            memory.resolution = resolution
            return true
        }
        guard isFailed else { throw ControlFailure(.conflict, "unit \(unit.unitName) is not in an error state") }
        changes.signal()
    }
}
