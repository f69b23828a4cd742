// SPDX-License-Identifier: Apache-2.0
import CharmKit
import PebbleAPI
import PebblePlan

/// Makes the workload what a decision says it shall be, and tells how it is.
///
/// Idempotent: done twice in a row, the second time only looks.
struct WorkloadApplication {
    let desired: DesiredWorkload
    let indico: Container
    let nginx: Container
    let probe: SiteProbe
    let pace: Pace
    let migration: Migration
    /// Shows what takes a while.
    let show: (String) throws -> Void

    /// How long a hook waits for a workload it has just changed.
    static let patience = Duration.seconds(120)

    /// Applies the decision.
    ///
    /// - Parameter memory: What is remembered of the workload; brought up to date.
    /// - Returns: The unit's status.
    /// - Throws: ``ContainerError`` when Pebble does not do its part.
    func apply(memory: inout WorkloadMemory) throws -> Status {
        let now = pace.now().components.seconds
        let celeryBefore = try indico.services(["celery-worker"])["celery-worker"]
        let standIn = StandIn(
            indico: indico,
            nginx: nginx,
            desired: desired,
            probe: probe,
            pace: pace,
            show: show
        )
        let container = IndicoContainer(indico, desired, standIn: standIn, migration: migration, pace: pace, show: show)
        // Visitors of a site that is paused see the page, whatever Indico's state is.
        if desired.settings.maintenance != nil, let obstacle = try NginxContainer(nginx, desired).apply() {
            return obstacle.status
        }
        if let obstacle = try container.apply(memory: &memory, now: now) { return obstacle.status }
        if let obstacle = try NginxContainer(nginx, desired).apply() { return obstacle.status }
        try standIn.dismiss()
        if let absent = try absentService() { return .waiting("waiting for service \(absent)") }
        if let failing = try failingCheck() { return .waiting("waiting for check \(failing)") }
        guard awaitSite() else { return .waiting("waiting for Indico to answer") }
        if let problem = try celeryProblem(since: celeryBefore) { return .waiting("waiting for Celery: \(problem)") }
        if let message = desired.settings.maintenance { return .maintenance(Obstacle.line("paused: \(message)")) }
        return try customize() ?? certificateProblem?.status ?? .active()
    }

    /// A certificate whose time is over is served until there is another: for that, people must act.
    private var certificateProblem: Obstacle? {
        desired.settings.certificate?.problem.map { .blocked("tls_secret: \($0)") }
    }

    /// Waits for the first heartbeat of a Celery worker that was started by this application of the decision.
    private func celeryProblem(since before: ServiceInfo?) throws -> String? {
        guard desired.celery != .none else { return nil }
        let after = try indico.services(["celery-worker"])["celery-worker"]
        if before?.isRunning == true, before?.currentSince == after?.currentSince { return nil }
        let module = WorkloadModule(container: indico, layout: desired.layout, account: desired.indico.account)
        do {
            _ = try module.ask("celery-check", ["timeout": .integer(60)], timeout: .seconds(90))
            return nil
        } catch let refusal as WorkloadModule.Refusal {
            return refusal.message
        }
    }

    /// Fetches the customization when another source is configured than what is in use is from.
    ///
    /// It comes last: a repository that cannot be fetched must not keep Indico from serving.
    private func customize() throws -> Status? {
        let source = desired.settings.options.customizationSource
        let customization = Customization(
            container: indico,
            module: WorkloadModule(container: indico, layout: desired.layout, account: desired.indico.account),
            layout: desired.layout
        )
        guard try customization.differs(from: source) else { return nil }
        do {
            try show(source == nil ? "taking the customization away" : "fetching the customization")
            let ownership = desired.indico.account?.ownership ?? Ownership()
            _ = try customization.use(source, FileOptions(permissions: 0o644, ownership: ownership))
            return nil
        } catch let refusal as WorkloadModule.Refusal {
            return .blocked("customization_sources_url: \(refusal.message)")
        }
    }

    private func absentService() throws -> String? {
        for (container, layer) in [(indico, desired.indico.layer), (nginx, desired.nginx.layer)] {
            let services = try container.services()
            if let name = layer.services.keys.sorted().first(where: { services[$0]?.isRunning != true }) { return name }
        }
        return nil
    }

    private func failingCheck() throws -> String? {
        let checks = try Array(indico.checks().values) + Array(nginx.checks().values)
        // Those of the whole way are asked anew below, so that a start is not judged by what was before it.
        let own = ["indico-ready", "site-ready", "indico-alive", "nginx-alive"]
        return checks.filter { $0.status == .down && !own.contains($0.name) }.map(\.name).min()
    }

    /// Whether nginx is at the port of HTTPS, if it shall be.
    ///
    /// It sends whoever comes there without TLS to the site, which no other program that took the port does.
    private var answersOverTLS: Bool {
        let settings = desired.settings
        return settings.certificate == nil
            || probe.ask(settings.options.httpsPort, settings.site.authority, "/ping") == 301
    }

    /// Waits until the site answers a visitor.
    private func awaitSite() -> Bool {
        let deadline = pace.now() + Self.patience
        while true {
            let code = probe.ask(desired.ports.nginx, desired.settings.site.authority, "/ping")
            if let code, (200..<300).contains(code), answersOverTLS { return true }
            if pace.now() >= deadline { return false }
            pace.sleep(.milliseconds(250))
        }
    }
}

extension Obstacle {
    /// The obstacle as a status: one line, short enough to be read in a table.
    var status: Status {
        switch self {
        case .blocked(let message): .blocked(Self.line(message))
        case .waiting(let message): .waiting(Self.line(message))
        }
    }

    static func line(_ message: String) -> String {
        let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count <= 300 ? line : line.prefix(299) + "…"
    }
}
