// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import PebbleAPI

/// The actions around backups.
extension IndicoCharm {
    func observeBackups(_ observers: inout Observers) {
        observers.on(.action("create-backup"), createBackup)
        observers.on(.action("list-backups"), listBackups)
        observers.on(.action("restore-backup"), restoreBackup)
    }

    private func createBackup(_ event: Event, _ model: Model) throws {
        try Backups(module: module(model), place: backupPlace(model).required()).create(event.requireAction())
    }

    private func listBackups(_ event: Event, _ model: Model) throws {
        try Backups(module: module(model), place: backupPlace(model).required()).list(event.requireAction())
    }

    /// Puts database and files back to what they were; visitors see the maintenance page meanwhile.
    private func restoreBackup(_ event: Event, _ model: Model) throws {
        let action = try event.requireAction()
        let view = try leadersView(model)
        guard let peers = view.peers.value else { throw ActionError.failed("the peer relation is not there yet") }
        if peers.state.pausedFor == nil, try model.plannedUnits() > 1 {
            throw ActionError.failed(
                "other units serve the same database: run the action pause first, and resume after"
            )
        }
        let restoration = Restoration(
            backups: Backups(module: try module(model), place: try backupPlace(model).required()),
            stop: {
                var paused = view
                paused.peers = .ready(peers.pausedForRestore)
                try settle(paused, model)
                try model.container(ContainerName.indico).stop(["indico"], timeout: .seconds(120))
            },
            start: { try settle(view, model, retrying: true) },
            isServing: { isServing(view, model) },
            show: { text in
                try action.log(text)
                try model.showUnitStatus(.maintenance(text))
            }
        )
        try restoration.run(action)
    }

    /// Whether Indico answers a visitor; its checks' way is open also while the maintenance page is shown.
    ///
    /// The unit may be waiting for something else and have said so before Indico was loaded: it is given its time.
    private func isServing(_ view: View, _ model: Model) -> Bool {
        guard let site = decide(view).workload?.settings.site else { return false }
        let deadline = pace.now() + WorkloadApplication.patience
        while true {
            let code = probe.ask(ports.nginx, site.authority, "/ping")
            if let code, (200..<300).contains(code) { return true }
            let services = try? model.container(ContainerName.indico).services(["indico"])
            guard services?["indico"]?.isRunning == true, pace.now() < deadline else { return false }
            pace.sleep(.milliseconds(250))
        }
    }
}

extension Peers {
    fileprivate var pausedForRestore: Peers {
        var paused = self
        paused.state.pausedFor = state.pausedFor ?? MaintenancePage.usual
        return paused
    }
}
