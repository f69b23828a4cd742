// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import PebblePlan

/// Decides what shall be from what is known.
///
/// Pure and total: any view, however broken, has a decision, and what is wrong is named in it.
///
/// - Parameter view: What is known.
/// - Returns: What shall be.
package func decide(_ view: View) -> Decision {
    var decision = Decision()
    if let peers = view.peers.value {
        decision.makesSecretKey = view.isLeader && peers.state.secretKey == nil
        let elected = electCelery(view, peers)
        if view.isLeader, elected != peers.state.celeryUnit { decision.celeryUnit = elected }
        decision.yieldsCelery = elected != nil && elected != view.unit
    }
    let (options, site, problems) = CharmOptions.parse(
        view.options,
        application: view.application,
        reachedAt: view.surroundings.ingress.value
    )
    decision.keepsWorker = options.celeryOnAllUnits
    decision.publications = Publications(view, site)
    let obstacle =
        configurationObstacle(problems + backupProblems(options, view) + certificateProblems(view, site))
        ?? relationObstacle(view)
        ?? bucketObstacle(view, options) ?? view.surroundings.external.sharingObstacle ?? readinessObstacle(view)
    if let obstacle {
        decision.obstacle = obstacle
        return decision
    }
    guard let peers = view.peers.value, let secretKey = peers.state.secretKey, let database = view.database.value,
        let cache = view.cache.value, let broker = view.broker.value
    else {
        // The leader makes the key before it decides again.
        decision.obstacle = .waiting("waiting for the leader to make the secret key")
        return decision
    }
    var settings = IndicoSettings(
        site: site,
        secretKey: secretKey,
        database: database,
        cache: cache,
        broker: broker,
        mail: view.mail.value,
        signOn: view.surroundings.signOn.value,
        options: options,
        nginxSeesFiles: view.nginx.hasArchive,
        maintenance: peers.state.pausedFor
    )
    settings.certificate = view.certificate.value
    settings.backupPlace = view.backupPlace.value
    settings.external = view.surroundings.external.services
    decision.marksBucket = view.isLeader && (settings.external.bucket != nil) != peers.state.keepsFilesInBucket
    // Nothing works on the database of a site that is paused.
    let isPaused = peers.state.pausedFor != nil
    let isElected = electCelery(view, peers) == view.unit
    let celery: CeleryRole = isPaused ? .none : isElected ? .elected : options.celeryOnAllUnits ? .worker : .none
    decision.workload = desiredWorkload(view, settings, celery)
    decision.workload?.databaseMark = peers.state.databaseMark
    return decision
}

/// Chooses the unit that runs Celery: the one chosen before while it is there, else the leader.
private func electCelery(_ view: View, _ peers: Peers) -> UnitName? {
    let chosen = peers.state.celeryUnit
    if let chosen, chosen == view.unit || peers.units.contains(chosen) { return chosen }
    return view.isLeader ? view.unit : chosen
}

/// Files that were put in a bucket are nowhere else: without it, each page that has one would fail.
private func bucketObstacle(_ view: View, _ options: CharmOptions) -> Obstacle? {
    guard view.peers.value?.state.keepsFilesInBucket == true, !options.abandonsBucket else { return nil }
    switch view.surroundings.external.files {
    case .ready, .invalid: return nil
    case .waiting(let what): return .waiting("waiting for s3 (\(what))")
    case .absent:
        return .blocked(
            "relation s3 is gone, and Indico keeps attachments in its bucket: integrate it again, or set"
                + " abandon_s3_files to go on without them"
        )
    }
}

private func backupProblems(_ options: CharmOptions, _ view: View) -> [String] {
    // A container that cannot be asked yet says nothing of its storage.
    guard view.indico.isReachable, let problem = BackupTimer.problem(options.backupSchedule, view.backupPlace) else {
        return []
    }
    return [problem]
}

private func certificateProblems(_ view: View, _ site: SiteURL) -> [String] {
    switch view.certificate {
    case .absent, .waiting: []
    case .invalid(let reason): ["tls_secret: \(reason)"]
    case .ready(let certificate): certificate.conflict(site, view.surroundings).map { [$0] } ?? []
    }
}

private func configurationObstacle(_ problems: [String]) -> Obstacle? {
    problems.isEmpty ? nil : .blocked("invalid configuration: " + problems.joined(separator: "; "))
}

/// All required relations that are missing are named at once; one that is broken comes before one that is awaited.
private func relationObstacle(_ view: View) -> Obstacle? {
    let external = view.surroundings.external
    let required = [
        RelationState(external.databaseEndpoint, view.database, problem: \.problem),
        RelationState("redis-broker", view.broker), RelationState("redis-cache", view.cache),
    ]
    let missing = required.filter(\.isMissing).map(\.name)
    if !missing.isEmpty { return .blocked("missing relations: " + missing.joined(separator: ", ")) }
    let all =
        required + [
            RelationState(view.mailEndpoint, view.mail),
            RelationState("oauth", view.surroundings.signOn),
            RelationState("ingress", view.surroundings.ingress, problem: { pathProblem(view, $0) }),
            RelationState("s3", external.files, problem: \.problem),
            RelationState("saml", external.identities),
            RelationState("http-proxy", external.proxy),
            RelationState("tracing", external.traces),
            RelationState("logging", external.logs),
        ]
    let problems = all.compactMap { state in state.problem.map { "relation \(state.name): \($0)" } }
    if !problems.isEmpty { return .blocked(problems.joined(separator: "; ")) }
    let awaited = required.compactMap { state in state.awaited.map { "\(state.name) (\($0))" } }
    if !awaited.isEmpty { return .waiting("waiting for " + awaited.joined(separator: ", ")) }
    return nil
}

/// Indico is served from the root of a host.
///
/// With `site_url` set, whoever set it knows how visitors come.
private func pathProblem(_ view: View, _ url: WebURL) -> String? {
    guard !url.path.isEmpty, (view.options["site_url"]?.stringValue ?? "").isEmpty else { return nil }
    return "serves under the path \(url.path), and Indico needs a host name of its own: have it route by subdomain"
}

/// What keeps a relation from being used.
private struct RelationState {
    let name: String
    var isMissing = false
    var awaited: String?
    var problem: String?

    init<Value>(_ name: String, _ reading: RelationReading<Value>, problem: (Value) -> String? = { _ in nil }) {
        self.name = name
        switch reading {
        case .absent: isMissing = true
        case .waiting(let what): awaited = what
        case .invalid(let reason): self.problem = reason
        case .ready(let value): self.problem = problem(value)
        }
    }
}

private func readinessObstacle(_ view: View) -> Obstacle? {
    if case .waiting(let what) = view.certificate { return .waiting("waiting for tls_secret (\(what))") }
    switch view.peers {
    case .absent: return .waiting("waiting for the peer relation")
    case .waiting(let what): return .waiting("waiting for the peer relation: \(what)")
    case .invalid(let reason): return .blocked("peer relation: \(reason)")
    case .ready: break
    }
    let away = [("indico", view.indico), ("indico-nginx", view.nginx)].filter { !$0.1.isReachable }.map(\.0)
    if !away.isEmpty { return .waiting("waiting for Pebble in \(away.joined(separator: ", "))") }
    return nil
}

private func desiredWorkload(_ view: View, _ settings: IndicoSettings, _ celery: CeleryRole) -> DesiredWorkload {
    let (layout, ports) = (view.layout, view.ports)
    return DesiredWorkload(
        settings: settings,
        layout: layout,
        ports: ports,
        indico: DesiredContainer(
            account: view.indico.account,
            pendingPath: layout.indicoPending,
            directories: [
                layout.archive, layout.cache, layout.customization, layout.settings, layout.logs, layout.temporary,
            ],
            files: indicoFiles(view, settings),
            layer: IndicoLayer.make(
                settings,
                layout: layout,
                ports: ports,
                account: view.indico.account,
                celery: celery
            )
        ),
        nginx: DesiredContainer(
            account: view.nginx.account,
            pendingPath: layout.nginxPending,
            directories: [layout.nginxSettings, layout.nginxData, layout.nginxLogs],
            files: [
                // Before the configuration that names it.
                DesiredFile(
                    path: layout.nginxCertificate,
                    content: settings.certificate?.file ?? "",
                    permissions: 0o600,
                    reader: .nginx
                ),
                DesiredFile(
                    path: layout.nginxLogrotateConfiguration,
                    content: LogRotation.renderNginx(layout),
                    permissions: 0o644,
                    reader: .eachUse
                ),
                DesiredFile(
                    path: layout.maintenancePage,
                    content: MaintenancePage.html(settings.maintenance),
                    permissions: 0o644,
                    reader: .eachUse
                ),
                DesiredFile(
                    path: layout.nginxConfiguration,
                    content: NginxConfiguration.render(settings, layout: layout, ports: ports),
                    permissions: 0o644,
                    reader: .nginx
                ),
            ],
            layer: NginxLayer.make(settings, layout: layout, ports: ports, account: view.nginx.account)
        ),
        mayMigrate: view.isLeader,
        celery: celery
    )
}

private func indicoFiles(_ view: View, _ settings: IndicoSettings) -> [DesiredFile] {
    let layout = view.layout
    func file(_ path: String, _ content: String, _ permissions: UInt16, _ reader: DesiredFile.Reader) -> DesiredFile {
        DesiredFile(path: path, content: content, permissions: permissions, reader: reader)
    }
    // The modules come before the configuration that names them.
    let modules = WorkloadFile.allCases.compactMap { module in
        view.files.modules[module].map { file(layout.module(module), $0, 0o644, module.reader) }
    }
    return modules + [
        file(
            layout.backupSettings,
            BackupTimer.settings(settings.options.backupSchedule, settings.backupPlace, layout: layout),
            0o600,
            .service(BackupTimer.name)
        ),
        file(layout.databasePassword, settings.database.passwordFile, 0o600, .eachUse),
        file(layout.statsdMapping, view.files.statsdMapping, 0o644, .service("statsd-exporter")),
        file(layout.logrotateConfiguration, LogRotation.renderIndico(layout), 0o644, .eachUse),
        file(layout.databaseAuthority, settings.database.certificateAuthority ?? "", 0o644, .eachUse),
        file(
            layout.signOnAuthority,
            settings.signOn?.certificateChain.joined(separator: "\n") ?? "",
            0o644,
            .application
        ),
        file(
            layout.bucketAuthority,
            settings.external.bucket?.certificateChain.joined(separator: "\n") ?? "",
            0o644,
            .application
        ),
        file(
            layout.mailAuthority,
            settings.mail?.certificateChain.joined(separator: "\n") ?? "",
            0o644,
            // Read for each connection.
            .eachUse
        ),
        file(layout.brokerURL, settings.broker.url(database: 0) + "\n", 0o600, .service("celery-exporter")),
        file(
            layout.uwsgiConfiguration,
            UWSGIConfiguration.render(settings, layout: layout, ports: view.ports),
            0o644,
            .uwsgi
        ),
        file(
            layout.loggingConfiguration,
            LoggingConfiguration.render(settings, layout: layout),
            0o640,
            .application
        ),
        file(layout.indicoConfiguration, IndicoConf.render(settings, layout: layout), 0o600, .application),
    ]
}
