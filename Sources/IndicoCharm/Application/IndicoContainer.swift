// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import PebbleAPI
import PebblePlan

/// Brings container `indico` to what it shall be.
struct IndicoContainer {
    let container: Container
    let desired: DesiredWorkload
    let module: WorkloadModule
    let files: ContainerFiles
    let standIn: StandIn
    let migration: Migration
    /// Shows what takes a while.
    let show: (String) throws -> Void
    private let pace: Pace

    init(
        _ container: Container,
        _ desired: DesiredWorkload,
        standIn: StandIn,
        migration: Migration,
        pace: Pace,
        show: @escaping (String) throws -> Void
    ) {
        self.container = container
        self.standIn = standIn
        self.migration = migration
        self.pace = pace
        self.desired = desired
        self.show = show
        module = WorkloadModule(container: container, layout: desired.layout, account: desired.indico.account)
        files = ContainerFiles(container: container, desired: desired.indico)
    }

    /// Writes, prepares, starts and reloads, each only where something differs.
    ///
    /// - Parameters:
    ///   - memory: What is remembered of the database; brought up to date.
    ///   - now: The machine's time, in seconds.
    /// - Returns: What keeps the container from being what it shall be; nil when it is.
    /// - Throws: ``ContainerError`` when Pebble does not do its part.
    func apply(memory: inout WorkloadMemory, now: Int64) throws -> Obstacle? {
        let before = try container.services()
        let wasServing = before["indico"]?.isRunning == true
        if !wasServing { try files.makeDirectories() }
        var pending = try PendingChanges.read(container, desired.indico.pendingPath)
        // Before a configuration that enables them is tried; at a start there is nothing yet to install them with.
        if wasServing, let problem = try installPlugins(&pending) { return problem }
        if let refusal = try write(&pending, wasServing: wasServing) { return refusal }
        if !wasServing, let problem = try installPlugins(&pending) { return problem }
        if !wasServing, let obstacle = try finishRestore() { return obstacle }
        if !wasServing || mustLook(memory, now: now) {
            if let obstacle = try lookAtDatabase(&memory, now: now, wasServing: wasServing) { return obstacle }
        }
        try CeleryRetirement.retire(IndicoLayer.foreign(to: desired.celery), container)
        try startWhatDiffers(before, &pending)
        return try takeUp(pending, before)
    }

    // MARK: - Files

    /// Writes what differs; a configuration Indico refuses never takes the place of one that serves.
    private func write(_ pending: inout PendingChanges, wasServing: Bool) throws -> Obstacle? {
        let changed = try files.changed()
        guard !changed.isEmpty else { return nil }
        let modules = changed.filter(\.isModule)
        if !modules.isEmpty {
            // They are written before the rest: whoever tries the configuration needs them.
            pending.readers.formUnion(modules.map(\.reader).filter { $0 != .eachUse })
            try note(&pending)
        }
        if wasServing, let problem = try refusal(of: changed) { return problem }
        var readers = changed.map(\.reader).filter { $0 != .eachUse }
        if wasServing, try changeAddress(changed) { readers.append(.uwsgi) }
        pending.readers.formUnion(readers)
        if !readers.isEmpty { try note(&pending) }
        for file in changed { try files.write(file) }
        if !readers.isEmpty { try note(&pending) }
        return nil
    }

    /// Whether the site goes by another name from now on.
    ///
    /// A worker answers 404 to any other than its own: taking the new name up one by one, some would turn away whom
    /// nginx leads to them. All change over at once, behind the stand-in.
    private func changeAddress(_ changed: [DesiredFile]) throws -> Bool {
        guard let file = changed.first(where: { $0.path == desired.layout.indicoConfiguration }),
            let bytes = try container.pullIfPresent(file.path)
        else { return false }
        return IndicoConf.address(in: String(decoding: bytes, as: UTF8.self)) != IndicoConf.address(in: file.content)
    }

    private func installPlugins(_ pending: inout PendingChanges) throws -> Obstacle? {
        let plugins = ExternalPlugins(
            container: container,
            module: module,
            layout: desired.layout,
            packages: desired.settings.options.externalPlugins
        )
        guard try plugins.differ() else { return nil }
        try show("installing plugins")
        // Noted before: workers that load what is there twice do no harm, ones that do not load it would.
        pending.readers.insert(.application)
        try note(&pending)
        do {
            try plugins.install(files.options(0o644))
            return nil
        } catch let refusal as WorkloadModule.Refusal {
            return .blocked("external_plugins: \(refusal.message)")
        }
    }

    private func note(_ pending: inout PendingChanges) throws {
        try pending.write(container, desired.indico.pendingPath, options: files.options(0o644))
    }

    /// Has Indico load the new configuration beside the one that serves.
    private func refusal(of changed: [DesiredFile]) throws -> Obstacle? {
        guard let file = changed.first(where: { $0.path == desired.layout.indicoConfiguration }) else { return nil }
        // All modules at once: a worker that starts while this configuration is refused loads some of them.
        for companion in changed where companion.isModule || companion.reader == .eachUse { try files.write(companion) }
        let candidate = file.path + ".new"
        try files.write(file, to: candidate)
        defer { try? container.removePath(candidate, recursive: true) }
        do {
            _ = try module.ask("check-config", configuration: candidate)
            return nil
        } catch let refusal as WorkloadModule.Refusal {
            return .blocked("invalid configuration: \(refusal.message)")
        }
    }

    // MARK: - Database

    /// Whether what is remembered of the database may be old: by age, by what the leader says, or because the site is
    /// paused, when somebody works on it.
    private func mustLook(_ memory: WorkloadMemory, now: Int64) -> Bool {
        if desired.settings.maintenance != nil { return true }
        if let mark = desired.databaseMark, mark != memory.databaseMark { return true }
        return !memory.isFresh(for: desired.settings.database.place, at: now)
    }

    /// Finishes or undoes a restore that was interrupted, before anything reads the files it left half exchanged.
    private func finishRestore() throws -> Obstacle? {
        guard try container.fileInfo(desired.layout.unfinishedRestore) != nil else { return nil }
        do {
            try show("finishing a restore that was interrupted")
            _ = try module.ask("finish-restore", timeout: .seconds(600))
            return nil
        } catch let refusal as WorkloadModule.Refusal {
            return .waiting("waiting for a restore to end: \(refusal.message)")
        }
    }

    private func lookAtDatabase(_ memory: inout WorkloadMemory, now: Int64, wasServing: Bool) throws -> Obstacle? {
        let schema = DatabaseSchema(
            module: module,
            mayMigrate: desired.mayMigrate,
            patience: wasServing ? .zero : .seconds(30),
            pace: pace,
            migration: migration,
            failed: memory.failedUpgrade,
            quiesce: { try stopServing() },
            show: show
        )
        switch try schema.ensure() {
        case .obstacle(let obstacle): return obstacle
        case .failed(let failed):
            memory.failedUpgrade = failed
            return .blocked(failed.message)
        case .current(let facts):
            if wasServing, let known = memory.identity, known != facts.identity {
                // Sessions of the old database must not meet the new one: uWSGI drops them before it serves again.
                try show("moving to another database")
                try stopServing()
            }
            memory.database = desired.settings.database.place
            memory.identity = facts.identity
            memory.schema = facts.schema
            memory.failedUpgrade = nil
            // While the site is paused somebody may be at work on the database.
            memory.checkedAt = desired.settings.maintenance == nil ? now : nil
            memory.version = facts.version
            return nil
        }
    }

    private func stopServing() throws {
        let names = ["indico"] + IndicoLayer.celeryServices
        let running = try container.services(names).values.filter(\.isRunning).map(\.name).sorted()
        try container.stop(running, timeout: .seconds(120))
    }

    // MARK: - Processes

    /// Starts what does not run, and restarts what runs on another plan; Pebble knows which that is.
    private func startWhatDiffers(_ before: [String: ServiceInfo], _ pending: inout PendingChanges) throws {
        var layer = desired.indico.layer
        let plan = try container.plan()
        layer.logTargets.merge(LogForwarding.retired(plan, layer)) { own, _ in own }
        if !LayerDifference.isInPlan(layer, plan) {
            pending.readers.insert(.plan)
            try note(&pending)
            try container.addLayer(layer)
        }
        let running = try container.services()
        let complete = layer.services.keys.allSatisfy { running[$0]?.isRunning == true }
        guard pending.readers.contains(.plan) || !complete else { return }
        if before["indico"]?.isRunning != true { try show("starting Indico") }
        try container.replanAround("indico", timeout: .seconds(180))
    }

    /// Has each reader of a changed file take the change up, unless it was started after the change.
    private func takeUp(_ pending: PendingChanges, _ before: [String: ServiceInfo]) throws -> Obstacle? {
        guard !pending.readers.isEmpty else { return nil }
        let after = try container.services()
        func kept(_ name: String) -> Bool { pending.isOlder(after[name], before: before[name]) }
        if kept("indico") {
            if pending.readers.contains(.uwsgi) {
                if let problem = try standIn.cover(startWorkersAnew) { return problem }
            } else if pending.readers.contains(.application), let problem = try reloadWorkers() {
                return problem
            }
        }
        var restarts: [String] = []
        if pending.readers.contains(.application) { restarts += ["celery-worker", "celery-beat"].filter(kept) }
        if pending.readers.contains(.module) { restarts += IndicoLayer.moduleServices.filter(kept) }
        for case .service(let name) in pending.readers where kept(name) { restarts.append(name) }
        try container.restart(Set(restarts).sorted(), timeout: .seconds(180))
        try container.removePath(desired.indico.pendingPath, recursive: true)
        return nil
    }

    /// Has uWSGI read its own configuration, which it does with all workers at once.
    private func startWorkersAnew() throws -> Obstacle? {
        try show("starting Indico's workers anew")
        do {
            _ = try module.ask("start-workers-anew", ["timeout": .integer(120)], timeout: .seconds(140))
            return nil
        } catch let refusal as WorkloadModule.Refusal {
            return .waiting("waiting for Indico's workers: \(refusal.message)")
        }
    }

    private func reloadWorkers() throws -> Obstacle? {
        try show("reloading Indico's workers one by one")
        do {
            _ = try module.ask(
                "reload",
                ["trigger": .string(desired.layout.uwsgiReloadTrigger), "timeout": .integer(240)],
                timeout: .seconds(260)
            )
            return nil
        } catch let refusal as WorkloadModule.Refusal {
            return .waiting("waiting for Indico's workers: \(refusal.message)")
        }
    }
}
