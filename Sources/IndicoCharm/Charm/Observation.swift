// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit
import PebbleAPI

/// Gathers what the charm decides upon.
struct Observation {
    let model: Model
    let layout: WorkloadLayout
    let ports: WorkloadPorts
    let files: CharmFiles

    func view() throws -> View {
        let (mailEndpoint, mail) = try mail()
        return View(
            unit: model.unit,
            application: model.application,
            isLeader: try model.isLeader(),
            options: try model.config().values,
            database: try PostgreSQLClient.read(Endpoint.database, model),
            cache: try Redis.read(Endpoint.cache, model),
            broker: try Redis.read(Endpoint.broker, model),
            mail: mail,
            mailEndpoint: mailEndpoint,
            peers: try peers(),
            indico: container(ContainerName.indico, ownerOf: layout.home),
            nginx: container(ContainerName.nginx, ownerOf: layout.nginxData),
            layout: layout,
            ports: ports,
            files: files
        )
    }

    /// Mail may come by either endpoint; the one that keeps its password in a secret is looked at first.
    private func mail() throws -> (String, RelationReading<SMTPServer>) {
        let reading = try SMTP.read(Endpoint.mail, model)
        guard reading.isAbsent else { return (Endpoint.mail, reading) }
        return (Endpoint.legacyMail, try SMTP.read(Endpoint.legacyMail, model))
    }

    private func peers() throws -> RelationReading<Peers> {
        switch try IndicoPeers.read(Endpoint.peers, model) {
        case .absent: return .absent
        case .waiting(let what): return .waiting(what)
        case .invalid(let reason): return .invalid(reason)
        case .ready(let state):
            // Who else there is matters only while another unit runs Celery, which may have left.
            let isElsewhere = state.celeryUnit != nil && state.celeryUnit != model.unit
            let units = isElsewhere ? try model.relation(Endpoint.peers)?.units() : nil
            return .ready(Peers(state: state, units: units ?? []))
        }
    }

    /// A container that does not answer, or not any more, is one to wait for.
    private func container(_ name: String, ownerOf directory: String) -> ContainerView {
        let container = model.container(name)
        do {
            let information = try container.fileInfo(directory)
            let hasArchive = try container.fileInfo(layout.archive) != nil
            return ContainerView(
                isReachable: true,
                account: information.flatMap(ServiceAccount.init(ownerOf:)),
                hasArchive: hasArchive
            )
        } catch {
            model.log.debug("\(error)")
            return ContainerView(isReachable: false)
        }
    }
}

extension ServiceAccount {
    /// The owner of a directory; nil for root, which no workload shall run as on purpose.
    init?(ownerOf information: FileInfo) {
        guard let userID = information.userID, let groupID = information.groupID, userID != 0 else { return nil }
        self.init(userID: userID, user: information.user, groupID: groupID, group: information.group)
    }
}
