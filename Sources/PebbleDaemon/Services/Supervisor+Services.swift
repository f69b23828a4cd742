// SPDX-License-Identifier: Apache-2.0
import LinuxSupport
import NIOCore
import PebbleAPI
import PebblePlan

// What the machines of services ask for, done.
extension Supervisor {
    func runner(_ name: String) -> ServiceRunner {
        if let runner = runners[name] { return runner }
        let log = ServiceLog(service: name, now: surroundings.now, copy: surroundings.copyOutput)
        let runner = ServiceRunner(name: name, log: log)
        runners[name] = runner
        announce(log)
        return runner
    }

    /// Tells a service's machine what happened, and does what it answers.
    func deliver(_ event: ServiceEvent, to name: String) {
        let runner = runner(name)
        let before = runner.machine.status
        let effects = runner.machine.handle(event, now: now, jitter: surroundings.jitter())
        runner.noteWhetherAtRest()
        servicesReply = nil
        surroundings.log.debug("Service \"\(name)\": \(event), \(before.rawValue) -> \(runner.machine.status.rawValue)")
        for effect in effects { perform(effect, runner) }
    }

    private func perform(_ effect: ServiceEffect, _ runner: ServiceRunner) {
        let name = runner.machine.name
        switch effect {
        case .spawn:
            spawn(runner)
        case .signalGroup(let signal):
            runner.process?.child.sendToGroup(signal)
        case .setTimer(let delay):
            runner.timer?.cancel()
            runner.timer = schedule(in: delay) { $0.deliver(.timerFired, to: name) }
        case .cancelTimer:
            runner.timer?.cancel()
            runner.timer = nil
        case .finishStart(let outcome):
            runner.startWaiter?.resume(returning: outcome)
            runner.startWaiter = nil
        case .finishStop(let outcome):
            let waiters = runner.stopWaiters
            runner.stopWaiters = []
            for waiter in waiters { waiter.resume(returning: outcome) }
        case .shutDown(let reason):
            guard !isShuttingDown else { return }
            surroundings.log.write("Service \"\(name)\" action triggered shutdown of the daemon")
            surroundings.shutDown(reason)
        case .note(let text):
            surroundings.log.write(text)
        }
    }

    // MARK: - Processes

    private func spawn(_ runner: ServiceRunner) {
        let name = runner.machine.name
        killLeftovers(runner)
        do {
            guard let config = runner.machine.config else { return }
            let launch = try ServiceLaunch(
                service: config,
                workload: config.workload.flatMap { plan.workloads[$0] },
                daemonEnvironment: surroundings.environment,
                accounts: surroundings.accounts
            )
            surroundings.log.write("Service \"\(name)\" starting: \(LogText.escaped(config.command ?? ""))")
            let child = try start(launch, runner, killDelay: config.effectiveKillDelay)
            runner.process = ServiceProcess(child: child)
            child.onExit { exit in self.perform { $0.processExited(name, child.pid, exit) } }
            deliver(.spawned, to: name)
        } catch {
            forget(name)
            deliver(.spawnFailed((error as? SystemError)?.description ?? "\(error)"), to: name)
        }
    }

    private func start(
        _ launch: ServiceLaunch,
        _ runner: ServiceRunner,
        killDelay: Duration
    ) throws -> ChildProcess {
        let output = try Pipe()
        defer { output.closeWriteEnd() }
        output.widen(to: ServiceOutputHandler.pipeSize)
        let name = runner.machine.name
        let child: ChildProcess
        do {
            var request = SpawnRequest(
                executable: launch.executable,
                arguments: launch.arguments,
                environment: launch.environment,
                directory: launch.directory,
                identity: launch.identity,
                standardOutput: output.writeEnd,
                standardError: output.writeEnd
            )
            request.beforeExecution = { pid in self.assumeIsolated { $0.remember(pid, of: name, killDelay: killDelay) }
            }
            child = try surroundings.reaper.spawn(request)
        } catch {
            output.closeReadEnd()
            throw error
        }
        ServiceOutputHandler.read(output.readEnd, into: runner.log, on: surroundings.outputLoop) {
            self.perform { $0.outputEnded(name, child.pid) }
        }
        return child
    }

    /// Notes the process down for a daemon that comes after a crash of this one.
    ///
    /// Before it runs its program: a crash right now leaves no unknown process behind, and so never two of a service.
    private func remember(_ pid: ProcessID, of name: String, killDelay: Duration) {
        remember(.service, pid, of: name, killDelay: killDelay)
    }

    private func forget(_ name: String) {
        guard document.processes.removeValue(forKey: name) != nil else { return }
        save(.processGone(service: name))
    }

    private func processExited(_ name: String, _ pid: ProcessID, _ exit: ProcessExit) {
        let runner = runner(name)
        guard runner.process?.child.pid == pid else { return }
        runner.process?.exit = exit
        // What the process started and left behind shall not go on unsupervised, nor hold the ports that its
        // successor wants. (Canonical's Pebble leaves it.)
        if LeftoverProcesses.signal(group: pid, .terminate) { runner.leftoverGroup = pid }
        if runner.process?.isOutputEnded == true {
            processGone(runner)
        } else {
            // One that was told to stop may take its time over what it started. After a death without notice, what
            // matters is that the service comes back: the rest has a second, and is killed before the next start.
            let killDelay = runner.machine.config?.effectiveKillDelay ?? .seconds(5)
            let patience = runner.machine.isStopping ? killDelay * 0.9 : min(killDelay * 0.9, .seconds(1))
            runner.process?.outputTimer = schedule(in: patience) { $0.outputEnded(name, pid) }
        }
    }

    private func outputEnded(_ name: String, _ pid: ProcessID) {
        let runner = runner(name)
        guard runner.process?.child.pid == pid else { return }
        runner.process?.isOutputEnded = true
        if runner.process?.exit != nil { processGone(runner) }
    }

    private func processGone(_ runner: ServiceRunner) {
        guard let process = runner.process, let exit = process.exit else { return }
        let name = runner.machine.name
        process.outputTimer?.cancel()
        runner.process = nil
        forget(name)
        if let group = runner.leftoverGroup {
            let killDelay = runner.machine.config?.effectiveKillDelay ?? .seconds(5)
            _ = schedule(in: killDelay) { supervisor in
                let runner = supervisor.runner(name)
                if runner.leftoverGroup == group { supervisor.killLeftovers(runner) }
            }
        }
        deliver(.exited(exit, after: ContinuousClock.now - process.startedAt), to: name)
    }

    func killLeftovers(_ runner: ServiceRunner) {
        guard let group = runner.leftoverGroup else { return }
        runner.leftoverGroup = nil
        LeftoverProcesses.signal(group: group, .kill)
    }

    // MARK: - Tasks

    /// Starts a service and waits for the outcome.
    func performStart(_ name: String) async -> TaskOutcome {
        guard let service = plan.services[name] else { return .failed("service \"\(name)\" does not exist") }
        guard !isShuttingDown else { return .failed("cannot start service while the daemon shuts down") }
        let runner = runner(name)
        return await withCheckedContinuation { continuation in
            if runner.startWaiter == nil {
                runner.startWaiter = continuation
                deliver(.start(service), to: name)
            } else {
                // Another change is at it.
                continuation.resume(returning: .nothingToDo("Service \"\(name)\" already started."))
            }
        }
    }

    /// Stops a service and waits for the outcome.
    func performStop(_ name: String) async -> TaskOutcome {
        let runner = runners[name]
        guard let runner else { return .nothingToDo("Service \"\(name)\" has never been started.") }
        return await withCheckedContinuation { continuation in
            runner.stopWaiters.append(continuation)
            deliver(.stop, to: name)
        }
    }

    /// The lines a failed start shows.
    func recentOutput(of name: String) -> String {
        let lines = runners[name]?.log.last(20).lines ?? []
        let text = lines.map { "    " + String(decoding: $0.bytes, as: UTF8.self) }.joined(separator: "\n")
        return "Most recent service output:\n" + (text.isEmpty ? "    " : text)
    }

    /// Tells the services that asked for it that a check failed.
    func checkFailed(_ check: String) {
        for (name, service) in plan.services.sorted(by: { $0.key < $1.key }) {
            guard let action = service.onCheckFailure[check], runners[name] != nil else { continue }
            surroundings.log.write("Service \"\(name)\" on-check-failure action is \"\(action.rawValue)\"")
            deliver(.checkFailed(action), to: name)
        }
    }
}
