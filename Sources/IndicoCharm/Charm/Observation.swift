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
        let related = relatedEndpoints()
        let (mailEndpoint, mail) = try mail(related)
        let (databaseEndpoint, database) = try database(related)
        let cache = try Redis.read(Endpoint.cache, model)
        let broker = try Redis.read(Endpoint.broker, model)
        let peers = try peers()
        // Without a database there is no site to lead visitors to, and each question costs a call.
        let mayServe = !database.isAbsent && !cache.isAbsent && !broker.isAbsent
        var view = View(
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
            surroundings: try surroundings(
                peers.value,
                related: mayServe ? related : [],
                databaseEndpoint: databaseEndpoint
            )
        )
        view.certificate = try certificate(view.options)
        // Asked for only where backups are made by the clock: it costs calls.
        if !(view.options["backup_schedule"]?.stringValue ?? "").isEmpty, view.indico.isReachable {
            view.backupPlace = try backupPlace()
        }
        return view
    }

    private func backupPlace() throws -> RelationReading<BackupPlace> {
        let container = model.container(ContainerName.indico)
        do {
            return try BackupPlaceSearch(model: model, container: container, layout: layout).find()
        } catch let error as ContainerError {
            return .waiting(error.message)
        }
    }

    private func surroundings(
        _ peers: Peers?,
        related: RelatedEndpoints,
        databaseEndpoint: String
    ) throws -> Surroundings {
        var surroundings = Surroundings(
            ingress: try related.read(Endpoint.ingress) { try Ingress.read($0, model) },
            hasRoute: try related.isActive(Endpoint.route, model),
            signOn: try related.read(Endpoint.signOn) { try OAuth.read($0, model) },
            isWatched: try related.isActive(Endpoint.metrics, model)
        )
        surroundings.external = try external(related)
        surroundings.external.databaseEndpoint = databaseEndpoint
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
    private func mail(_ related: RelatedEndpoints) throws -> (String, RelationReading<SMTPServer>) {
        let reading = try related.read(Endpoint.mail) { try SMTP.read($0, model) }
        guard reading.isAbsent else { return (Endpoint.mail, reading) }
        return (Endpoint.legacyMail, try related.read(Endpoint.legacyMail) { try SMTP.read($0, model) })
    }

    /// The database may come by the interface charms had before; where both are related the present one counts.
    private func database(_ related: RelatedEndpoints) throws -> (String, RelationReading<PostgreSQLDatabase>) {
        let reading = try PostgreSQLClient.read(Endpoint.database, model)
        guard reading.isAbsent else { return (Endpoint.database, reading) }
        let request = Self.legacyRequest(model)
        let legacy = try related.read(Endpoint.legacyDatabase) { try PgSQL.read(request, $0, model) }
        return legacy.isAbsent ? (Endpoint.database, legacy) : (Endpoint.legacyDatabase, legacy)
    }

    /// What a server of the earlier interface is asked for: what Indico needs, so that no superuser has to make it.
    static func legacyRequest(_ model: Model) -> PgSQLRequest {
        PgSQLRequest(database: model.application, extensions: ["pg_trgm:public", "unaccent:public"])
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
