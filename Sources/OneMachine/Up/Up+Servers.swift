// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSupport

extension Up {
    /// The private cluster; with an external database there is none.
    func preparePostgreSQL(_ meter: StepMeter) throws -> String {
        if let external = settings.external[.postgresql] { return "external, \(external.host):\(external.port)" }
        let server = try postgreSQL()
        let log = try LogFile(state.logs + "/postgresql-setup.log")
        meter.update("making the cluster")
        let isNew = try server.prepare(account: requiredAccount(), log: log)
        return "\(try server.version()) on port \(server.port)\(isNew ? ", a new cluster" : "")"
    }

    func postgreSQL() throws -> PostgreSQLServer {
        let directory = state.server(.postgresql)
        guard let port = settings.ports[.postgresql] else { throw OperatorError("PostgreSQL has no port yet") }
        return PostgreSQLServer(
            directory: directory,
            port: port,
            password: try Credentials.ensure(in: state).postgresql,
            programs: try PostgreSQLServer.findPrograms(cluster: directory)
        )
    }

    /// The two private servers, as far as no external one stands in.
    func prepareRedis(_ meter: StepMeter) throws -> String {
        let servers = try redisServers()
        for server in servers { try server.prepare(account: requiredAccount()) }
        if servers.isEmpty { return "external" }
        return servers.map { "\($0.role == .cache ? "cache" : "broker") on port \($0.port)" }.joined(separator: ", ")
    }

    func redisServers() throws -> [RedisServer] {
        let credentials = try Credentials.ensure(in: state)
        let candidates: [(LocalServerName, RedisServer.Role, String)] = [
            (.redisCache, .cache, credentials.redisCache), (.redisBroker, .broker, credentials.redisBroker),
        ]
        return candidates.compactMap { name, role, password in
            guard settings.external[name] == nil, let port = settings.ports[name] else { return nil }
            return RedisServer(role: role, directory: state.server(name), port: port, password: password)
        }
    }

    /// The daemon everything descends from.
    func startSupervisor(_ meter: StepMeter) throws -> String {
        let plan = LocalPlan(
            state: state,
            account: try requiredAccount(),
            changesAccount: geteuid() == 0,
            postgresql: settings.external[.postgresql] == nil ? try postgreSQL() : nil,
            redis: try redisServers()
        )
        let changed = try supervisor.prepare(plan)
        let unit = try SystemdUnit.chosen(state: state, userID: geteuid(), environment: request.environment)
        if let process = supervisor.process() {
            if try supervisor.startStopped() { try waitForContainers(meter) }
            return changed ? "changed; 'down' and 'up' puts it to use" : "process \(process)"
        }
        if unit.isEnabled && unit.isManagerRunning {
            try unit.start()
        } else {
            try supervisor.start(environment: request.environment)
        }
        try waitForContainers(meter)
        return supervisor.process().map { "process \($0)" } ?? ""
    }

    private func waitForContainers(_ meter: StepMeter) throws {
        let deadline = ContinuousClock.now + .seconds(60)
        for container in ContainerName.workload {
            meter.update("container \(container.rawValue)")
            while SocketPeer.process(listeningOn: state.socket(container)) == nil {
                guard ContinuousClock.now < deadline else {
                    throw OperatorError(
                        "the Pebble of container \(container.rawValue) does not answer",
                        remedy: "'indico-operator logs \(LocalPlan.service(container))' tells why."
                    )
                }
                usleep(20_000)
            }
        }
    }
}
