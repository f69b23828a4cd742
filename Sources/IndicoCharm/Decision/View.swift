// SPDX-License-Identifier: Apache-2.0
package import CharmInterfaces
package import CharmKit
package import PebbleAPI

/// All the charm knows of the world when it decides: a value, gathered before and never changed by deciding.
package struct View: Hashable, Sendable {
    package var unit: UnitName
    package var application: String
    package var isLeader: Bool
    /// The options by name, as they came.
    package var options: [String: JSONValue]
    package var database: RelationReading<PostgreSQLDatabase>
    package var cache: RelationReading<RedisServer>
    package var broker: RelationReading<RedisServer>
    package var mail: RelationReading<SMTPServer>
    /// Which of the two endpoints for mail is meant.
    package var mailEndpoint: String
    package var peers: RelationReading<Peers>
    package var indico: ContainerView
    package var nginx: ContainerView
    package var layout: WorkloadLayout
    package var ports: WorkloadPorts
    package var files: CharmFiles
    /// The model's name, which on Kubernetes is the namespace.
    package var modelName: String
    package var surroundings: Surroundings
    /// Where backups go; looked for when they are made by the clock.
    package var backupPlace: RelationReading<BackupPlace> = .absent
    /// The certificate nginx shall show visitors.
    package var certificate: RelationReading<ServedCertificate> = .absent

    package init(
        unit: UnitName,
        application: String,
        isLeader: Bool,
        options: [String: JSONValue],
        database: RelationReading<PostgreSQLDatabase>,
        cache: RelationReading<RedisServer>,
        broker: RelationReading<RedisServer>,
        mail: RelationReading<SMTPServer>,
        mailEndpoint: String,
        peers: RelationReading<Peers>,
        indico: ContainerView,
        nginx: ContainerView,
        layout: WorkloadLayout,
        ports: WorkloadPorts,
        files: CharmFiles,
        modelName: String = "",
        surroundings: Surroundings = Surroundings()
    ) {
        self.unit = unit
        self.application = application
        self.isLeader = isLeader
        self.options = options
        self.database = database
        self.cache = cache
        self.broker = broker
        self.mail = mail
        self.mailEndpoint = mailEndpoint
        self.peers = peers
        self.indico = indico
        self.nginx = nginx
        self.layout = layout
        self.ports = ports
        self.files = files
        self.modelName = modelName
        self.surroundings = surroundings
    }
}

/// Who leads visitors here, knows them and watches: what is known of those, and where they find us.
package struct Surroundings: Hashable, Sendable {
    /// The URL under which an ingress lets visitors in.
    package var ingress: RelationReading<WebURL>
    /// Whether a cluster's nginx leads visitors here.
    package var hasRoute: Bool
    /// Where people sign in beside Indico's own accounts.
    package var signOn: RelationReading<OAuthProviderInfo>
    /// Whether somebody scrapes our metrics.
    package var isWatched: Bool
    /// What optional applications offer.
    package var external = ExternalReadings()
    /// This unit's address; known when somebody asks for it.
    package var address: String?
    /// The address of the unit that runs Celery; known to the leader when somebody scrapes our metrics.
    package var celeryAddress: String?

    package init(
        ingress: RelationReading<WebURL> = .absent,
        hasRoute: Bool = false,
        signOn: RelationReading<OAuthProviderInfo> = .absent,
        isWatched: Bool = false,
        address: String? = nil,
        celeryAddress: String? = nil
    ) {
        self.ingress = ingress
        self.hasRoute = hasRoute
        self.signOn = signOn
        self.isWatched = isWatched
        self.address = address
        self.celeryAddress = celeryAddress
    }
}

/// What the units agree on, and who they are.
package struct Peers: Hashable, Sendable {
    package var state: IndicoPeerState
    /// The other units.
    package var units: [UnitName]

    package init(state: IndicoPeerState = IndicoPeerState(), units: [UnitName] = []) {
        self.state = state
        self.units = units
    }
}

/// What a container says of itself.
package struct ContainerView: Hashable, Sendable {
    package var isReachable: Bool
    /// The owner of the container's data directory; nil to run as whoever Pebble runs as.
    package var account: ServiceAccount?
    /// Whether Indico's archive is there; what matters is whether nginx sees it.
    package var hasArchive: Bool

    package init(isReachable: Bool, account: ServiceAccount? = nil, hasArchive: Bool = false) {
        self.isReachable = isReachable
        self.account = account
        self.hasArchive = hasArchive
    }
}

/// The files of the charm's own archive that go to the workload.
package struct CharmFiles: Hashable, Sendable {
    /// The modules; one that is missing here goes nowhere.
    package var modules: [WorkloadFile: String]
    package var statsdMapping: String

    package init(modules: [WorkloadFile: String], statsdMapping: String) {
        self.modules = modules
        self.statsdMapping = statsdMapping
    }
}
