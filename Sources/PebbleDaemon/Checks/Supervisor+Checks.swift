// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PebbleAPI
import PebblePlan

extension Supervisor {
    /// The checks of the plan, those of a level or name if given.
    func checks(level: CheckLevel?, names: [String]) -> [CheckInfo] {
        plan.checks.values
            .filter { (level == nil || $0.level == level) && (names.isEmpty || names.contains($0.name)) }
            .sorted { $0.name < $1.name }
            .map(info)
    }

    private func info(of check: Check) -> CheckInfo {
        let machine = checks[check.name]?.machine ?? CheckMachine()
        return CheckInfo(
            name: check.name,
            level: check.level,
            startup: check.isEnabled ? .enabled : .disabled,
            status: machine.status,
            successes: machine.successes,
            failures: machine.failures,
            threshold: check.effectiveThreshold,
            changeID: machine.changeID,
            previousChangeID: machine.previousChangeID
        )
    }

    /// Whether none of the checks that count is down.
    func isHealthy(level: CheckLevel?, names: [String]) -> Bool {
        HealthRules.isHealthy(checks(level: nil, names: []), level: level, names: names)
    }

    /// Starts checks that do not run; returns which those were.
    func startChecks(_ names: [String]) throws(DaemonError) -> [String] {
        try requireChecks(names, action: "start")
        return Set(names).sorted().filter { startCheck($0) }
    }

    /// Stops checks that run; returns which those were.
    func stopChecks(_ names: [String]) throws(DaemonError) -> [String] {
        try requireChecks(names, action: "stop")
        return Set(names).sorted().filter { stopCheck($0) }
    }

    private func requireChecks(_ names: [String], action: String) throws(DaemonError) {
        let missing = Set(names).filter { plan.checks[$0] == nil }.sorted()
        guard missing.isEmpty else {
            let list = missing.joined(separator: ", ")
            throw DaemonError(.invalid, "cannot \(action) checks: cannot find checks in plan: \(list)")
        }
    }

    func startEnabledChecks() {
        for check in plan.checks.values.sorted(by: { $0.name < $1.name }) where check.isEnabled {
            startCheck(check.name)
        }
    }

    /// Follows a change of the plan: what changed begins anew, what is new and enabled begins.
    func checksChanged(from before: [String: Check]) {
        for check in plan.checks.values.sorted(by: { $0.name < $1.name }) where before[check.name] != check {
            stopCheck(check.name)
            if check.isEnabled { startCheck(check.name) }
        }
        for name in before.keys where plan.checks[name] == nil { stopCheck(name) }
    }

    @discardableResult
    private func startCheck(_ name: String) -> Bool {
        guard let config = plan.checks[name] else { return false }
        let runner = checks[name] ?? CheckRunner(config: config)
        checks[name] = runner
        guard !runner.machine.isActive else { return false }
        runner.config = config
        runner.machine.start()
        runner.generation += 1
        beginCheckChange(runner, kind: "perform-check")
        scheduleCheck(runner, from: .now())
        return true
    }

    @discardableResult
    func stopCheck(_ name: String) -> Bool {
        guard let runner = checks[name], runner.machine.isActive else { return false }
        runner.machine.stop()
        runner.generation += 1
        runner.timer?.cancel()
        runner.probe?.cancel()
        if let task = runner.taskID { update(task) { $0.status = .done } }
        runner.taskID = nil
        return true
    }

    /// Ends the checks with the daemon, and the commands they are running.
    ///
    /// Their tasks stay as they are, for the next start to settle.
    func silenceChecks() async {
        for runner in checks.values {
            runner.timer?.cancel()
            runner.generation += 1
            runner.probe?.cancel()
        }
        for runner in checks.values { await runner.probe?.value }
    }

    private func beginCheckChange(_ runner: CheckRunner, kind: String) {
        let verb = kind == "perform-check" ? "Perform" : "Recover"
        let summary = "\(verb) \(runner.config.probe?.word ?? "") check \"\(runner.name)\""
        let plan = TaskPlan(kind: kind, summary: summary, subject: runner.name, lane: 0)
        let change = makeChange(kind: kind, summary: summary, tasks: [plan], initialStatus: .doing)
        runner.machine.changeID = change.id
        runner.taskID = change.taskIDs.first
    }

    private func scheduleCheck(_ runner: CheckRunner, from start: NIODeadline) {
        runner.timer?.cancel()
        // Runs that were missed, while the machine slept say, are not made up for.
        runner.nextRun = max(start + TimeAmount(runner.config.effectivePeriod), .now())
        let name = runner.name
        let generation = runner.generation
        runner.timer = loop.scheduleTask(deadline: runner.nextRun) {
            self.assumeIsolated { $0.checkIsDue(name, generation) }
        }
    }

    private func checkIsDue(_ name: String, _ generation: Int) {
        guard let runner = checks[name], runner.generation == generation, runner.machine.isActive else { return }
        scheduleCheck(runner, from: runner.nextRun)
        guard runner.probe == nil else { return }
        runner.probe = startTask { await $0.runCheck(name, generation) }
    }

    private func runCheck(_ name: String, _ generation: Int) async {
        guard let runner = checks[name] else { return }
        let failure = runner.generation == generation ? await probe(runner.config) : nil
        runner.probe = nil
        if runner.generation == generation { take(failure, of: runner) }
    }

    /// Runs a check now.
    ///
    /// A check that runs anyway counts the result, and its next run is a period away.
    func refreshCheck(_ name: String) async throws(DaemonError) -> CheckRefresh {
        guard let check = plan.checks[name] else {
            throw DaemonError(.notFound, "cannot find check with name \"\(name)\"")
        }
        let runner = checks[name]
        let generation = runner?.generation
        let failure = await probe(runner?.machine.isActive == true ? runner?.config ?? check : check)
        if let runner, runner.machine.isActive, runner.generation == generation {
            take(failure, of: runner)
            scheduleCheck(runner, from: .now())
        }
        return CheckRefresh(info: info(of: check), error: failure)
    }

    private func probe(_ check: Check) async -> String? {
        let prober = CheckProber(
            loop: loop,
            tls: surroundings.tls,
            reaper: surroundings.reaper,
            accounts: surroundings.accounts,
            environment: surroundings.environment,
            commandBegins: { pid in
                self.assumeIsolated { supervisor in
                    supervisor.remember(.command, pid, of: "the check \"\(check.name)\"", killDelay: .zero)
                }
            },
            commandEnded: { pid in self.perform { $0.forgetCommand(pid) } }
        )
        return await prober.run(check, plan: plan)
    }

    private func take(_ failure: String?, of runner: CheckRunner) {
        surroundings.log.debug("Check \"\(runner.name)\": \(failure ?? "success")")
        if failure == nil { runner.successCount += 1 } else { runner.failureCount += 1 }
        let task = runner.taskID
        for effect in runner.machine.take(failure: failure, threshold: runner.config.effectiveThreshold) {
            switch effect {
            case .logFailure(let text):
                if let task { log(task, "ERROR", text, limit: 10) }
            case .turnOver(let ended, let next):
                runner.machine.previousChangeID = runner.machine.changeID
                if let task { update(task) { $0.status = ended } }
                beginCheckChange(runner, kind: next)
                logTurn(runner, isDown: ended == .error)
            case .fail:
                checkFailed(runner.name)
            }
        }
    }

    private func logTurn(_ runner: CheckRunner, isDown: Bool) {
        let word = isDown ? "failure threshold \(runner.config.effectiveThreshold) hit" : "succeeded again"
        surroundings.log.write("Check \"\(runner.name)\" \(word)")
    }
}

/// When the whole is healthy.
enum HealthRules {
    static func isHealthy(_ checks: [CheckInfo], level: CheckLevel?, names: [String]) -> Bool {
        !checks.contains { check in
            guard check.status == .down, names.isEmpty || names.contains(check.name) else { return false }
            switch level {
            case CheckLevel.alive: return check.level == .alive
            // What is not alive is not ready either.
            case CheckLevel.ready: return check.level == .alive || check.level == .ready
            default: return true
            }
        }
    }
}
