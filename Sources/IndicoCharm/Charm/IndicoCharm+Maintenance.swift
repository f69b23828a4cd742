// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import PebbleAPI

/// The actions by which an operator works on the site.
extension IndicoCharm {
    func observeMaintenance(_ observers: inout Observers) {
        observers.on(.action("pause"), pause)
        observers.on(.action("resume"), resume)
        observers.on(.action("rotate-secret-key"), rotateSecretKey)
        observers.on(.action("run-migrations"), runMigrations)
        observers.on(.action("show-settings"), showSettings)
    }

    /// Shows visitors a page instead of the site, and lets no background task work.
    private func pause(_ event: Event, _ model: Model) throws {
        let action = try event.requireAction()
        let message = try action.parameters().optionalString("message") ?? ""
        let told = message.isEmpty ? MaintenancePage.usual : message
        guard told.utf8.count <= 500, !told.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
            throw ActionError.badParameter(name: "message", problem: "must be one line of at most 500 characters")
        }
        try changePeers(action, model) { $0.pausedFor = told }
        try action.setResults(["message": told])
    }

    private func resume(_ event: Event, _ model: Model) throws {
        let action = try event.requireAction()
        try changePeers(action, model) { $0.pausedFor = nil }
    }

    /// Makes a new key for links and tokens; sessions do not depend on it.
    private func rotateSecretKey(_ event: Event, _ model: Model) throws {
        let action = try event.requireAction()
        try changePeers(action, model) { state in
            guard state.secretKey != nil else { throw ActionError.failed("there is no secret key yet") }
            state.secretKey = SecretKey.random()
            if let id = state.secretID, let content = state.secretContent { try model.secret(id: id).set(content) }
        }
    }

    /// Upgrades the database's schema when it is behind, also where an upgrade failed before.
    private func runMigrations(_ event: Event, _ model: Model) throws {
        let action = try event.requireAction()
        let withBackup = try action.parameters().boolean("backup", or: true)
        let view = try leadersView(model)
        let before = try databaseStatus(model)
        guard before["state"]?.text != "current" else {
            try action.setResults(["state": "current", "revision": revision(before)])
            return
        }
        let status = try settle(view, model, isWithoutBackup: !withBackup, retrying: true)
        let after = try databaseStatus(model)
        try action.setResults([
            "state": after["state"]?.text ?? "unknown", "revision": revision(after), "from": revision(before),
        ])
        if after["state"]?.text != "current" { action.fail(status.message) }
    }

    private func showSettings(_ event: Event, _ model: Model) throws {
        let decision = decide(try observation(model).view())
        guard let workload = decision.workload else {
            throw ActionError.failed("no settings are in effect: \(decision.obstacle?.status.message ?? "unknown")")
        }
        try ShowSettingsAction(settings: workload.settings, layout: layout).run(try event.requireAction())
    }

    private func databaseStatus(_ model: Model) throws -> [String: JSONValue] {
        do {
            return try module(model).ask("db-status")
        } catch let refusal as WorkloadModule.Refusal {
            throw ActionError.failed("\(refusal)")
        } catch let error as ContainerError {
            throw ActionError.failed("\(error)")
        }
    }

    private func revision(_ status: [String: JSONValue]) -> String {
        guard case .object(let core)? = status["core"], case .array(let revisions)? = core["current"] else { return "" }
        return revisions.compactMap(\.text).joined(separator: ", ")
    }
}

extension IndicoCharm {
    /// Changes what the units agree on and does at once what follows from it here; the other units are told.
    func changePeers(_ action: Action, _ model: Model, _ change: (inout IndicoPeerState) throws -> Void) throws {
        var view = try leadersView(model)
        guard var peers = view.peers.value else { throw ActionError.failed("the peer relation is not there yet") }
        try change(&peers.state)
        try publish(peers.state, model)
        view.peers = .ready(peers)
        let status = try settle(view, model)
        try action.setResults([
            "status": [status.kind.rawValue, status.message].filter { !$0.isEmpty }.joined(separator: ": ")
        ])
    }

    /// What is known, on the leader: only it may say what all units do.
    func leadersView(_ model: Model) throws -> View {
        guard try model.isLeader() else {
            throw ActionError.failed("only the leader can do this: run it on \(model.application)/leader")
        }
        return try observation(model).view()
    }

    /// Brings the workload to what follows from a view, as any event would.
    @discardableResult
    func settle(
        _ view: View,
        _ model: Model,
        isWithoutBackup: Bool = false,
        retrying: Bool = false
    ) throws -> Status {
        let status = try status(decide(view), view, model, isWithoutBackup: isWithoutBackup, retrying: retrying)
        model.setUnitStatus(status)
        return status
    }
}
