// SPDX-License-Identifier: Apache-2.0
import Glibc
import UnitAgent

extension Up {
    /// Tells the agent what the world offers; from here on the charm works.
    func informAgent(_ meter: StepMeter) throws -> String {
        let deadline = ContinuousClock.now + .seconds(60)
        while !agent.isReachable {
            guard ContinuousClock.now < deadline else {
                throw OperatorError(
                    "the unit agent does not answer",
                    remedy: "'indico-operator logs \(LocalPlan.agentService)' tells why."
                )
            }
            usleep(50_000)
        }
        try setSiteAddress()
        let version = settings.external[.postgresql] == nil ? try postgreSQL().version() : ""
        let relations = try RequiredRelations(
            settings: settings,
            credentials: Credentials.ensure(in: state),
            databaseVersion: version
        )
        try relations.publish(to: agent)
        return "database, redis-cache and redis-broker are related"
    }

    /// On Kubernetes an ingress makes the address known.
    ///
    /// Here it is that of nginx, until the operator says otherwise.
    private func setSiteAddress() throws {
        guard let option = try agent.config().first(where: { $0.name == "site_url" }), option.source != .user else {
            return
        }
        try agent.setConfig(["site_url": HomePage().url])
    }

    /// Waits until the charm says Active, or that an operator paused the site, and shows what it says until then.
    func waitForCharm(_ meter: StepMeter) throws -> String {
        let outcome = try CharmPatience(agent: agent, timeout: request.timeout).waitUntilUp(meter)
        let told = try agent.status().application.workloadVersion
        let version = try told.isEmpty ? requiredChoice().release.version : told
        guard case .paused(let message) = outcome else { return "\(version), active" }
        isPaused = true
        return "\(version), paused: \(message)"
    }

    /// The proof of it all.
    func waitForHomePage(_ meter: StepMeter) throws -> String {
        let page = try SiteURLOption.read(from: agent).page
        let deadline = ContinuousClock.now + .seconds(120)
        var last: Int?
        while true {
            last = page.status()
            if let last, HomePage.isServed(last) { return page.url }
            if isPaused, last == 503 { return "\(page.url) shows that it is paused; 'run resume' lets people in" }
            meter.update(last.map { "answers with \($0)" } ?? "no answer yet")
            guard ContinuousClock.now < deadline else {
                throw OperatorError(
                    "\(page.url) \(last.map { "answers with \($0)" } ?? "does not answer")",
                    remedy: "'indico-operator status' and 'indico-operator logs' tell more."
                )
            }
            usleep(200_000)
        }
    }
}
