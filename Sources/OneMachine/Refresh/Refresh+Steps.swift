// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport
import PebbleAPI
import PebbleClient
import UnitAgent

/// The steps. Each can be done again: whatever interrupted the last run, the next begins with the step it was in.
extension Refresh {
    var agent: AgentControlClient { AgentControlClient(socketPath: state.controlSocket) }
    var question: WorkloadQuestion { WorkloadQuestion(state: state, account: account) }

    private static let message = "Indico is being upgraded."

    /// Shows visitors a page; from here on nobody writes.
    func pause(_ journal: inout RefreshJournal, _ meter: StepMeter) throws -> String {
        let workload = try agent.status().unit.workload
        if let message = CharmPatience.pausedMessage(workload), message != Self.message { journal.pausedFor = message }
        try journal.write(to: state)
        return try settle(journal, meter)
    }

    func backUp(_ journal: inout RefreshJournal, _ meter: StepMeter) throws -> String {
        let environment = environments.path(journal.from)
        journal.before = try question.database(environment).mark
        let name = try question.backUp(environment)
        journal.backup = name
        return name
    }

    /// Stops what runs of one environment and puts the other in use.
    func turn(to name: String, _ meter: StepMeter) throws -> String {
        try stopServices()
        try environments.use(name)
        // A hook in between may have started them again, on the old one.
        try stopServices()
        return name
    }

    /// Stops everything in the container; what is no part of the environment is started again with the rest.
    private func stopServices() throws {
        let client = PebbleClient(socketPath: state.socket(.indico), timeout: .seconds(10))
        do {
            let running = try client.services().filter { $0.current != .inactive }.map(\.name)
            guard !running.isEmpty else { return }
            try client.perform(.stop, running, timeout: .seconds(120))
        } catch {
            throw OperatorError(
                "Pebble in container indico: \(error)",
                remedy: "'indico-operator status' tells how it is."
            )
        }
    }

    /// Has the charm upgrade the schema; the backup is there already.
    func bringDatabase(_ journal: inout RefreshJournal, _ meter: StepMeter) throws -> String {
        let environment = environments.path(journal.to)
        if let backup = journal.restores {
            if try question.database(environment).state == "unknown" {
                meter.update("bringing the database back to \(backup)")
                try question.restore(backup, environment)
            }
        }
        guard try question.database(environment).state != "current" else { return "current" }
        meter.update("upgrading it")
        let result = try agent.run(action: "run-migrations", parameters: ["backup": "false"])
        let database = try question.database(environment)
        guard database.state == "current" else {
            throw OperatorError(result.message.isEmpty ? "the database is \(database.state)" : result.message)
        }
        return "upgraded"
    }

    /// Restores the database where it is not what it was.
    func returnDatabase(_ journal: RefreshJournal, _ meter: StepMeter) throws -> String {
        let environment = environments.path(journal.from)
        guard let backup = journal.backup, try question.database(environment).mark != journal.before else {
            return "it is as it was"
        }
        meter.update("restoring \(backup)")
        try question.restore(backup, environment)
        return "restored from \(backup)"
    }

    /// Has the charm start Indico behind the page, and looks at pages as a visitor would see them.
    func look(_ journal: RefreshJournal, _ meter: StepMeter) throws -> String {
        _ = try settle(journal, meter)
        let site = try SiteURLOption.read(from: agent)
        let paths = ["/ping", "/", "/login/", "/contact", "/user/dashboard/", "/api/user/"]
        for path in paths {
            meter.update(path)
            let status = site.page.status(of: path, port: HomePage.indicoPort, scheme: site.scheme)
            guard let status, status < 400 else {
                throw OperatorError("\(path) \(status.map { "answers with \($0)" } ?? "does not answer")")
            }
        }
        return "\(paths.count) pages are answered"
    }

    /// Has the charm do what it does at any event, with visitors kept on the page.
    ///
    /// A unit that waits is given another try; one that is Blocked says why, and that is that.
    private func settle(_ journal: RefreshJournal, _ meter: StepMeter) throws -> String {
        let message = journal.pausedFor ?? Self.message
        var last = ""
        for attempt in 1...3 {
            if attempt > 1 { sleep(5) }
            let result = try agent.run(action: "pause", parameters: ["message": message]) {
                meter.update($0)
            }
            guard result.status == "completed" else {
                throw OperatorError("the action pause \(result.status): \(result.message)")
            }
            let told = result.results["status"] ?? ""
            if told.hasPrefix("maintenance: paused: ") { return "visitors are told: \(message)" }
            last = told
            if told.hasPrefix("blocked") { break }
        }
        throw OperatorError("Indico is \(last)")
    }

    /// Lets visitors in, and waits until the charm says that all is well, background tasks included.
    func open(_ journal: RefreshJournal, _ meter: StepMeter) throws -> String {
        if let message = journal.pausedFor { return "paused as before: \(message)" }
        let result = try agent.run(action: "resume") { meter.update($0) }
        guard result.status == "completed" else {
            throw OperatorError("the action resume \(result.status): \(result.message)")
        }
        _ = try CharmPatience(agent: agent, timeout: .seconds(300)).waitUntilUp(meter)
        let page = try SiteURLOption.read(from: agent).page
        let status = page.status()
        guard let status, HomePage.isServed(status) else {
            throw OperatorError("\(page.url) \(status.map { "answers with \($0)" } ?? "does not answer")")
        }
        return page.url
    }
}
