// SPDX-License-Identifier: Apache-2.0
package import CharmInterfaces
public import CharmKit

/// The Indico charm.
///
/// Every hook goes the same way, whatever it is about: look at the world, decide what shall be, and do what differs.
/// So a lost, repeated or reordered event changes nothing.
public struct IndicoCharm: Charm {
    let layout: WorkloadLayout
    let ports: WorkloadPorts
    private let files: CharmFiles
    let probe: SiteProbe
    let pace: Pace
    private let alertRules: () throws -> AlertRules
    private let dashboards: () throws -> [GrafanaDashboard.Dashboard]
    private let tell: OperatorReport.Tell
    private let traces: TraceSender

    /// Creates the charm for one dispatch.
    ///
    /// - Parameter environment: The dispatch's environment; `INDICO_WORKLOAD_ROOT` names the root of the workload's
    ///   paths when that is not `/`.
    /// - Throws: An error when that root cannot be used, or a file of the charm is missing.
    public init(environment: HookEnvironment) throws {
        let files = try CharmFiles(charmDirectory: environment.charmDirectory)
        let rules = "\(environment.charmDirectory)/prometheus_alert_rules/indico.yaml"
        try self.init(
            environment: environment,
            files: files,
            probe: .socket,
            pace: .real,
            tell: .datagrams,
            traces: .http,
            alertRules: { try AlertRules(yaml: try CharmFile.content(of: rules)) },
            dashboards: { try DashboardFiles(charmDirectory: environment.charmDirectory).read() }
        )
    }

    package init(
        environment: HookEnvironment,
        files: CharmFiles,
        ports: WorkloadPorts = WorkloadPorts(),
        probe: SiteProbe,
        pace: Pace,
        tell: OperatorReport.Tell = .nobody,
        traces: TraceSender = .nobody,
        alertRules: @escaping () throws -> AlertRules,
        dashboards: @escaping () throws -> [GrafanaDashboard.Dashboard] = { [] }
    ) throws {
        let root = environment.additional[WorkloadLayout.rootVariable] ?? ""
        layout = root.isEmpty ? .image : try WorkloadLayout(root: root)
        self.files = files
        self.ports = ports
        self.probe = probe
        self.pace = pace
        self.alertRules = alertRules
        self.dashboards = dashboards
        self.tell = tell
        self.traces = traces
    }

    /// Registers what the charm looks at.
    ///
    /// - Parameter observers: Where to register.
    public func observe(_ observers: inout Observers) {
        observers.rememberRelations()
        observers.on(.anyHook, reconcile)
        observers.on(.action("add-admin"), addAdmin)
        observers.on(.action("anonymize-user"), anonymizeUser)
        observers.on(.action("refresh-external-resources"), refreshExternalResources)
        observeMaintenance(&observers)
        observeBackups(&observers)
    }

    private func reconcile(_ event: Event, _ model: Model) throws {
        // On the way out nothing is set up any more; stop also comes when only the pod moves.
        switch event.hook {
        case .stop?, .remove?: return
        default: break
        }
        let began = pace.now()
        var trace = DispatchTrace(
            event: event.name,
            unit: model.unit.description,
            model: (model.environment.model.name, model.environment.model.uuid),
            began: began
        )
        defer {
            if let problem = traces.send(trace, pace.now()) { model.log.warning("the trace is lost: \(problem)") }
        }
        try PostgreSQLClient.request(database: model.application, Endpoint.database, model)
        var view = try observation(model).view()
        trace.receiver = view.surroundings.external.traces.value
        trace.mark("observe", at: pace.now())
        var decision = decide(view)
        if decision.makesSecretKey, var peers = view.peers.value {
            peers.state = try SecretKey.make(peers.state, model)
            view.peers = .ready(peers)
            try publish(peers.state, model)
            decision = decide(view)
        }
        if decision.marksBucket, var peers = view.peers.value {
            peers.state.keepsFilesInBucket.toggle()
            view.peers = .ready(peers)
            try publish(peers.state, model)
        }
        if let unit = decision.celeryUnit, var peers = view.peers.value {
            peers.state.celeryUnit = unit
            view.peers = .ready(peers)
            try publish(peers.state, model)
        }
        try Publishing(model: model, rules: alertRules, dashboards: dashboards).publish(decision.publications)
        // Asked for where it can change, not at each hook: a place for backups is looked for when it is needed.
        if event.relation?.endpoint == Endpoint.backups {
            try S3.request(bucket: "\(model.application)-backups", Endpoint.backups, model)
        }
        trace.mark("decide and publish", at: pace.now())
        let status = try status(decision, view, model)
        trace.mark("apply", at: pace.now())
        trace.outcome = status.kind.rawValue
        model.setUnitStatus(status)
        let report = OperatorReport(
            event: event.name,
            status: status.kind,
            duration: pace.now() - began,
            memory: try model.state.decode(WorkloadMemory.self, for: WorkloadMemory.key),
            certificateEnd: view.certificate.value?.end
        )
        tell.send(report.samples, ports.statsdSyslog)
    }

    func observation(_ model: Model) -> Observation {
        Observation(model: model, layout: layout, ports: ports, files: files)
    }

    func publish(_ state: IndicoPeerState, _ model: Model) throws {
        try model.relation(Endpoint.peers)?.set(state.applicationDatabag, in: .ownApplication)
    }

    /// Does what was decided and says how the unit is.
    func status(
        _ decision: Decision,
        _ view: View,
        _ model: Model,
        isWithoutBackup: Bool = false,
        retrying: Bool = false
    ) throws -> Status {
        do {
            guard let workload = decision.workload else {
                if decision.yieldsCelery { yieldCelery(model, keepingWorker: decision.keepsWorker) }
                return decision.obstacle?.status ?? .waiting("waiting for a decision")
            }
            var memory = try model.state.decode(WorkloadMemory.self, for: WorkloadMemory.key) ?? WorkloadMemory()
            let told = memory.version
            // Who says to try again means now, whenever the last look was.
            if retrying { (memory.failedUpgrade, memory.checkedAt) = (nil, nil) }
            let application = WorkloadApplication(
                desired: workload,
                indico: model.container(ContainerName.indico),
                nginx: model.container(ContainerName.nginx),
                probe: probe,
                pace: pace,
                migration: Migration(place: backupPlace(model).find, isWithoutBackup: isWithoutBackup),
                show: { try model.showUnitStatus(.maintenance($0)) }
            )
            // What was found out is remembered also when a later step does not come to its end.
            defer { remember(memory, model) }
            let status = try application.apply(memory: &memory)
            try tellPeers(memory, view, model)
            if let version = memory.version, version != told || model.environment.event == .upgradeCharm {
                model.setWorkloadVersion(version)
            }
            return status
        } catch let error as ContainerError {
            // The container went away, or a service did not start: what is left is done at the next event.
            model.log.warning("\(error)")
            let verb = error.kind == .notReachable ? "waiting for Pebble in" : "waiting for container"
            let reason = error.kind == .notReachable ? "" : ": \(error.message)"
            return Obstacle.waiting("\(verb) \(error.container)\(reason)").status
        }
    }

    private func remember(_ memory: WorkloadMemory, _ model: Model) {
        do {
            try model.state.encode(memory, for: WorkloadMemory.key)
        } catch {
            // It costs a look at the database next time.
            model.log.warning("\(error)")
        }
    }

    /// The leader tells which database and schema there is now: units that wait for it look again at once.
    private func tellPeers(_ memory: WorkloadMemory, _ view: View, _ model: Model) throws {
        guard view.isLeader, var state = view.peers.value?.state, let mark = memory.databaseMark,
            state.databaseMark != mark
        else { return }
        state.databaseMark = mark
        try publish(state, model)
    }

    func backupPlace(_ model: Model) -> BackupPlaceSearch {
        BackupPlaceSearch(model: model, container: model.container(ContainerName.indico), layout: layout)
    }

    /// A unit that is blocked must still give up what another one now runs.
    private func yieldCelery(_ model: Model, keepingWorker: Bool) {
        do {
            let names = IndicoLayer.foreign(to: keepingWorker ? .worker : .none)
            try CeleryRetirement.retire(names, model.container(ContainerName.indico))
        } catch {
            model.log.warning("cannot stop Celery, which another unit was elected to run: \(error)")
        }
    }
}

extension CharmFiles {
    /// Reads the files from the unpacked charm.
    init(charmDirectory: String) throws {
        self.init(
            modules: Dictionary(
                uniqueKeysWithValues: try WorkloadFile.allCases.map {
                    ($0, try CharmFile.text(of: "\(charmDirectory)/workload/\($0.name)"))
                }
            ),
            statsdMapping: try CharmFile.text(of: "\(charmDirectory)/workload/statsd-mapping.yaml")
        )
    }
}

// MARK: - Actions

extension IndicoCharm {
    func module(_ model: Model) throws -> WorkloadModule {
        let view = try observation(model).view()
        guard view.indico.isReachable else {
            throw ActionError.failed("container indico is not up yet: try again when 'juju status' says active")
        }
        return WorkloadModule(
            container: model.container(ContainerName.indico),
            layout: layout,
            account: view.indico.account
        )
    }

    private func addAdmin(_ event: Event, _ model: Model) throws {
        try AddAdminAction(module: try module(model)).run(try event.requireAction(), model)
    }

    private func anonymizeUser(_ event: Event, _ model: Model) throws {
        try AnonymizeUserAction(module: try module(model)).run(try event.requireAction())
    }

    private func refreshExternalResources(_ event: Event, _ model: Model) throws {
        let (options, _, problems) = CharmOptions.parse(try model.config().values, application: model.application)
        guard problems.isEmpty else {
            throw ActionError.failed("invalid configuration: \(problems.joined(separator: "; "))")
        }
        let module = try module(model)
        let action = RefreshExternalResourcesAction(
            module: module,
            layout: layout,
            source: options.customizationSource,
            plugins: ExternalPlugins(
                container: model.container(ContainerName.indico),
                module: module,
                layout: layout,
                packages: options.externalPlugins
            ),
            options: FileOptions(permissions: 0o644, ownership: module.account?.ownership ?? Ownership())
        )
        try action.run(try event.requireAction())
    }
}
