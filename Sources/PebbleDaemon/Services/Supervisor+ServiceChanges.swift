// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import PebbleAPI
import PebblePlan

// What clients ask of services, as changes.
extension Supervisor {
    /// The services of the plan, all or those named.
    func services(_ names: [String]) -> [ServiceInfo] {
        // By name first: the services themselves are large, and not to be moved about for each request.
        let wanted = names.isEmpty ? Array(plan.services.keys) : Set(names).filter { plan.services[$0] != nil }
        return wanted.sorted().map { name in
            let runner = runners[name]
            return ServiceInfo(
                name: name,
                startup: plan.services[name]?.isEnabled == true ? .enabled : .disabled,
                current: runner?.machine.status ?? .inactive,
                currentSince: runner?.machine.since
            )
        }
    }

    func startServices(_ names: [String], kind: String = "start", verb: String = "Start") throws(DaemonError) -> Change
    {
        try checkNames(names, action: "start")
        let lanes = try planned { () throws(PlanError) in try plan.startLanes(names) }
        let count = lanes.joined().count
        return begin(
            kind: kind,
            summary: summary(verb, names, count: count),
            about: names,
            tasks: startTasks(lanes, stage: 0)
        )
    }

    func stopServices(_ names: [String]) throws(DaemonError) -> Change {
        try checkNames(names, action: "stop")
        let lanes = try planned { () throws(PlanError) in try plan.stopLanes(names) }
        let count = lanes.joined().count
        return begin(
            kind: "stop",
            summary: summary("Stop", names, count: count),
            about: names,
            tasks: stopTasks(lanes)
        )
    }

    func restartServices(_ names: [String]) throws(DaemonError) -> Change {
        try checkNames(names, action: "restart")
        let stop = try planned { () throws(PlanError) in try plan.stopLanes(names, withDependants: false) }
        let start = try planned { () throws(PlanError) in try plan.startLanes(names) }
        return begin(
            kind: "restart",
            summary: summary("Restart", names, count: start.joined().count),
            about: names,
            tasks: stopTasks(stop) + startTasks(start, stage: 1)
        )
    }

    func autostart() throws(DaemonError) -> Change {
        let names = plan.defaultServiceNames
        guard !names.isEmpty else {
            throw DaemonError(.invalid, "no default services", kind: .noDefaultServices)
        }
        return try startServices(names, kind: "autostart", verb: "Autostart")
    }

    func replan() throws(DaemonError) -> Change {
        let running = runners.compactMapValues { $0.machine.isUnderWay ? $0.machine.config : nil }
        let decision = ReplanDecision(plan: plan, running: running)
        let stop = try planned { () throws(PlanError) in try plan.stopLanes(decision.stop) }
        let start = try planned { () throws(PlanError) in try plan.startLanes(decision.start) }
        let names = Set(stop.joined()).union(start.joined()).sorted()
        startEnabledChecks()
        return begin(
            kind: "replan",
            summary: ChangeRules.summary("Replan", names),
            tasks: stopTasks(stop) + startTasks(start, stage: 1)
        )
    }

    /// Stops all there is, in the order of their dependencies, and waits for it.
    func stopAllServices() async {
        isShuttingDown = true
        let names = runners.values.filter { $0.machine.isUnderWay || $0.machine.hasProcess }.map(\.machine.name)
        guard !names.isEmpty else { return }
        // Services that a later layer removed from the plan, were that possible, still have to go.
        let known = names.filter { plan.services[$0] != nil }
        var lanes = (try? plan.stopLanes(known)) ?? known.map { [$0] }
        lanes = lanes.map { $0.filter(names.contains) }.filter { !$0.isEmpty }
        lanes += names.filter { plan.services[$0] == nil }.map { [$0] }
        let change = begin(kind: "stop", summary: "Stop all running services", tasks: stopTasks(lanes))
        let longest = names.compactMap { runners[$0]?.machine.config?.effectiveKillDelay }.max() ?? .seconds(5)
        // Lanes of several wait for each in turn.
        let depth = lanes.map(\.count).max() ?? 1
        let timeout = longest * depth + ServiceMachine.giveUpDelay + .milliseconds(100)
        _ = try? await waitForChange(change.id, timeout: timeout)
        for runner in runners.values { killLeftovers(runner) }
    }

    private func checkNames(_ names: [String], action: String) throws(DaemonError) {
        for name in names where plan.services[name] == nil {
            throw DaemonError(.invalid, "cannot \(action) services: service \"\(name)\" does not exist")
        }
    }

    private func planned<Value>(_ body: () throws(PlanError) -> Value) throws(DaemonError) -> Value {
        do throws(PlanError) {
            return try body()
        } catch {
            throw DaemonError(.invalid, error.description)
        }
    }

    /// The summary names the first service asked for, whatever else had to come along.
    private func summary(_ verb: String, _ names: [String], count: Int) -> String {
        guard let first = names.first else { return ChangeRules.summary(verb, []) }
        let others = (0..<max(0, count - 1)).map(String.init)
        return ChangeRules.summary(verb, [first] + others)
    }

    private func startTasks(_ lanes: [[String]], stage: Int) -> [TaskPlan] {
        tasks("start", "Start", lanes, stage: stage)
    }

    private func stopTasks(_ lanes: [[String]]) -> [TaskPlan] {
        tasks("stop", "Stop", lanes, stage: 0)
    }

    private func tasks(_ kind: String, _ verb: String, _ lanes: [[String]], stage: Int) -> [TaskPlan] {
        lanes.enumerated().flatMap { index, names in
            names.map { name in
                TaskPlan(kind: kind, summary: "\(verb) service \"\(name)\"", subject: name, lane: index, stage: stage)
            }
        }
    }

    // MARK: - Doing it

    /// Makes a change and begins it.
    private func begin(kind: String, summary: String, about names: [String]? = nil, tasks: [TaskPlan]) -> Change {
        let change = makeChange(kind: kind, summary: summary, tasks: tasks, about: names)
        guard !tasks.isEmpty else { return change }
        let stages = Dictionary(grouping: self.tasks(of: change), by: \.stage)
        let lanes = stages.keys.sorted().map { stage in
            Dictionary(grouping: stages[stage] ?? [], by: \.lane).sorted { $0.key < $1.key }.map { $0.value.map(\.id) }
        }
        laneTasks[change.id] = startTask { await $0.run(lanes) }
        return change
    }

    private func run(_ stages: [[[String]]]) async {
        var isHeld = false
        for lanes in stages {
            if isHeld {
                for id in lanes.joined() { hold(id) }
                continue
            }
            await withDiscardingTaskGroup { group in
                for lane in lanes {
                    group.addTask { await self.runLane(lane) }
                }
            }
            isHeld = lanes.joined().contains { document.tasks[$0]?.status == .error }
        }
        for id in stages.joined().joined() where document.tasks[id]?.status == .undo {
            update(id) { $0.status = .done }
        }
    }

    private func runLane(_ ids: [String]) async {
        for (index, id) in ids.enumerated() {
            guard document.tasks[id]?.status == .toDo else { continue }
            await runTask(id)
            guard document.tasks[id]?.status == .error else { continue }
            for rest in ids[(index + 1)...] { hold(rest) }
            return
        }
    }

    private func runTask(_ id: String) async {
        guard let task = document.tasks[id] else { return }
        update(id) { $0.status = .doing }
        let outcome = task.kind == "start" ? await performStart(task.subject) : await performStop(task.subject)
        switch outcome {
        case .done:
            update(id) { $0.status = .done }
        case .nothingToDo(let reason):
            log(id, "INFO", reason)
            update(id) { $0.status = .done }
        case .failedWithOutput(let reason):
            log(id, "INFO", recentOutput(of: task.subject))
            log(id, "ERROR", reason)
            update(id) { $0.status = .error }
        case .failed(let reason):
            log(id, "ERROR", reason)
            update(id) { $0.status = .error }
        }
    }

    private func hold(_ id: String) {
        guard document.tasks[id]?.status == .toDo else { return }
        update(id) { $0.status = .hold }
    }

    /// Gives up a change: what has not begun will not, what can be interrupted is.
    func abort(_ id: String) throws(DaemonError) -> Change {
        let change = try change(id)
        guard change.readyTime == nil else {
            throw DaemonError(.invalid, "cannot abort change \(id) with nothing pending")
        }
        for task in tasks(of: change) where task.status == .done {
            update(task.id) { $0.status = .undo }
        }
        for task in tasks(of: change) {
            switch task.status {
            case .toDo: update(task.id) { $0.status = .hold }
            case .doing:
                update(task.id) { $0.status = .abort }
                // In a moment, so that the reply to this request still shows what it did.
                perform { $0.interrupt(task) }
            default: break
            }
        }
        return change
    }

    private func interrupt(_ task: ChangeTask) {
        switch task.kind {
        case "start": deliver(.abortStart, to: task.subject)
        case "exec": execSessions[task.id]?.abort()
        case "perform-check", "recover-check": stopCheck(task.subject)
        default: break
        }
    }

    // MARK: - Signals

    /// Signals the main processes of services; what cannot be is listed.
    func signal(_ signalName: String, services names: [String]) throws(DaemonError) {
        var problems: [String] = []
        for name in names {
            if let problem = signal(signalName, service: name) {
                problems.append("cannot send signal to \"\(name)\": \(problem)")
            }
        }
        if !problems.isEmpty { throw DaemonError(.failed, problems.joined(separator: "; ")) }
    }

    private func signal(_ signalName: String, service name: String) -> String? {
        guard let runner = runners[name], runner.machine.hasProcess, let process = runner.process else {
            return "service is not running"
        }
        guard let signal = Signal(name: signalName) else { return "invalid signal name \"\(signalName)\"" }
        return process.child.send(signal) ? nil : "service is not running"
    }
}
