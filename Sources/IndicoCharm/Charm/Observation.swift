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
        let database = try PostgreSQLClient.read(Endpoint.database, model)
        let cache = try Redis.read(Endpoint.cache, model)
        let broker = try Redis.read(Endpoint.broker, model)
        let peers = try peers()
        // Without a database there is no site to lead visitors to, and each question costs a call.
        let mayServe = !database.isAbsent && !cache.isAbsent && !broker.isAbsent
        return View(
            unit: model.unit,
            application: model.application,
            isLeader: try model.isLeader(),
            options: try model.config().values,
            database: database,
            cache: cache,
            broker: broker,
            mail: mail,
            mailEndpoint: mailEndpoint,
            peers: peers,
            indico: container(ContainerName.indico, ownerOf: layout.home),
            nginx: container(ContainerName.nginx, ownerOf: layout.nginxData),
            layout: layout,
            ports: ports,
            files: files,
            modelName: model.environment.model.name,
            surroundings: mayServe ? try surroundings(peers.value) : Surroundings()
        )
    }

    private func surroundings(_ peers: Peers?) throws -> Surroundings {
        var surroundings = Surroundings(
            ingress: try Ingress.read(Endpoint.ingress, model),
            hasRoute: try !model.relations(Endpoint.route).isEmpty,
            signOn: try OAuth.read(Endpoint.signOn, model),
            isWatched: try !model.relations(Endpoint.metrics).isEmpty
        )
        guard surroundings.isWatched || !surroundings.ingress.isAbsent else { return surroundings }
        surroundings.address = try model.network(Endpoint.peers).bindAddress
        if surroundings.isWatched, try model.isLeader(), let unit = peers?.state.celeryUnit {
            surroundings.celeryAddress = unit == model.unit ? surroundings.address : try address(of: unit)
        }
        return surroundings
    }

    /// The address another unit of the application has, as Juju tells it in the peer relation.
    private func address(of unit: UnitName) throws -> String? {
        try model.relation(Endpoint.peers)?.data(.remoteUnit(unit))["ingress-address"]
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
