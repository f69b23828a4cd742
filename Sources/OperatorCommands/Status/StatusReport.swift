// SPDX-License-Identifier: Apache-2.0
import OneMachine
import PebbleAPI
import PebbleClient
import UnitAgent

/// Everything `status` shows, gathered at one moment.
package struct StatusReport: Codable, Hashable, Sendable {
    /// A container with what its Pebble supervises.
    package struct Container: Codable, Hashable, Sendable {
        package var name: String
        package var reachable: Bool
        package var services: [Service]
        package var checks: [Check]

        package init(name: String, reachable: Bool, services: [Service], checks: [Check]) {
            self.name = name
            self.reachable = reachable
            self.services = services
            self.checks = checks
        }
    }

    package struct Service: Codable, Hashable, Sendable {
        package var name: String
        package var startup: String
        package var current: String
        package var since: String?

        package init(name: String, startup: String, current: String, since: String? = nil) {
            self.name = name
            self.startup = startup
            self.current = current
            self.since = since
        }
    }

    package struct Check: Codable, Hashable, Sendable {
        package var name: String
        package var level: String?
        package var status: String
        package var failures: Int
        package var threshold: Int

        package init(name: String, level: String? = nil, status: String, failures: Int = 0, threshold: Int = 3) {
            self.name = name
            self.level = level
            self.status = status
            self.failures = failures
            self.threshold = threshold
        }
    }

    package var model: String
    package var application: Application
    package var unit: Unit
    package var relations: [Relation]
    package var containers: [Container]
    /// The failed hook that will be tried again.
    package var failedHook: String?
    /// RFC 3339.
    package var time: String

    package struct Application: Codable, Hashable, Sendable {
        package var name: String
        package var version: String
        package var charm: String
        package var charmVersion: String
        package var status: String
        package var message: String
        package var url: String?
    }

    package struct Unit: Codable, Hashable, Sendable {
        package var name: String
        package var leader: Bool
        package var workload: String
        package var agent: String
        package var address: String
        package var ports: [String]
        package var message: String
    }

    package struct Relation: Codable, Hashable, Sendable {
        package var id: Int
        package var endpoint: String
        package var interface: String
        package var application: String
        package var state: String
        package var peer: Bool
    }

    package init(
        model: String,
        application: Application,
        unit: Unit,
        relations: [Relation],
        containers: [Container],
        failedHook: String?,
        time: String
    ) {
        self.model = model
        self.application = application
        self.unit = unit
        self.relations = relations
        self.containers = containers
        self.failedHook = failedHook
        self.time = time
    }
}

extension StatusReport {
    /// Puts what the agent says beside what the Pebbles say.
    init(_ snapshot: StatusSnapshot, containers: [Container], url: String?) {
        self.init(
            model: snapshot.model.name,
            application: Application(
                name: snapshot.application.name,
                version: snapshot.application.workloadVersion,
                charm: snapshot.application.charm,
                charmVersion: snapshot.application.charmVersion,
                status: snapshot.application.status.status,
                message: snapshot.application.status.message,
                url: url
            ),
            unit: Unit(
                name: snapshot.unit.name,
                leader: snapshot.unit.leader,
                workload: snapshot.unit.workload.status,
                agent: snapshot.unit.agent.status,
                address: snapshot.unit.address,
                ports: snapshot.unit.openedPorts,
                message: snapshot.unit.workload.message
            ),
            relations: snapshot.relations.map {
                Relation(
                    id: $0.id,
                    endpoint: $0.endpoint,
                    interface: $0.interface,
                    application: $0.remoteApplication,
                    state: $0.state,
                    peer: $0.peer
                )
            },
            containers: containers,
            failedHook: snapshot.failedHook.map { "\($0.hook), tried \($0.attempts) times, again at \($0.nextTry)" },
            time: snapshot.time
        )
    }

    /// Asks one Pebble; one that does not answer is shown so.
    static func container(_ name: String, client: PebbleClient) -> Container {
        do {
            let services = try client.services()
            let checks = try client.checks()
            return Container(
                name: name,
                reachable: true,
                services: services.map {
                    Service(
                        name: $0.name,
                        startup: $0.startup.rawValue,
                        current: $0.current.rawValue,
                        since: $0.currentSince?.description
                    )
                },
                checks: checks.map {
                    Check(
                        name: $0.name,
                        level: $0.level.map(\.rawValue).flatMap { $0.isEmpty ? nil : $0 },
                        status: $0.status.rawValue,
                        failures: $0.failures,
                        threshold: $0.threshold
                    )
                }
            )
        } catch {
            return Container(name: name, reachable: false, services: [], checks: [])
        }
    }
}
