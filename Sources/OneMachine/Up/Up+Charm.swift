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

    /// Waits until the charm says Active, and shows what it says until then.
    func waitForCharm(_ meter: StepMeter) throws -> String {
        let deadline = ContinuousClock.now + request.timeout
        var blockedSince: ContinuousClock.Instant?
        while true {
            let snapshot = try? agent.status()
            let workload = snapshot?.unit.workload
            if let snapshot, let workload, workload.status == "active", snapshot.containers.allSatisfy(\.ready) {
                let told = snapshot.application.workloadVersion
                return try "\(told.isEmpty ? requiredChoice().release.version : told), active"
            }
            meter.update(
                [workload?.status, workload?.message].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ": ")
            )
            // Blocked passes by while relations are told one after the other; only where it stays it is for people.
            blockedSince = workload?.status == "blocked" ? blockedSince ?? .now : nil
            let isStuck = blockedSince.map { ContinuousClock.now - $0 > .seconds(30) } ?? false
            if isStuck || ContinuousClock.now > deadline {
                throw OperatorError(
                    "Indico is \(workload?.status ?? "unknown")\(workload.map { $0.message.isEmpty ? "" : ": " + $0.message } ?? "")",
                    remedy:
                        "'indico-operator debug-log' tells what the charm did, 'indico-operator logs' what the services said.\nEverything keeps running and trying."
                )
            }
            usleep(200_000)
        }
    }

    /// The proof of it all.
    func waitForHomePage(_ meter: StepMeter) throws -> String {
        let page = try sitePage()
        let deadline = ContinuousClock.now + .seconds(120)
        var last: Int?
        while true {
            last = page.status()
            if let last, HomePage.isServed(last) { return page.url }
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

    /// The page at this machine's nginx, under the name the site goes by: any other name is answered with 404.
    private func sitePage() throws -> HomePage {
        guard let option = try agent.config().first(where: { $0.name == "site_url" }), let value = option.value?.text,
            let range = value.firstRange(of: "://")
        else { return HomePage() }
        let authority = value[range.upperBound...].prefix { $0 != "/" }
        return HomePage(authority: String(authority))
    }
}
