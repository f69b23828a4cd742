// SPDX-License-Identifier: Apache-2.0

/// The layer of the Pebble that supervises the machine: local servers, the Pebbles of the two containers, the agent.
///
/// Every process has a supervisor that way.
package struct LocalPlan: Hashable, Sendable {
    package var state: StateDirectory
    package var account: Account
    /// Whether the account is another than the one that starts Pebble, so that services have to change to it.
    package var changesAccount: Bool
    package var postgresql: PostgreSQLServer?
    package var redis: [RedisServer]

    package init(
        state: StateDirectory,
        account: Account,
        changesAccount: Bool,
        postgresql: PostgreSQLServer?,
        redis: [RedisServer]
    ) {
        self.state = state
        self.account = account
        self.changesAccount = changesAccount
        self.postgresql = postgresql
        self.redis = redis
    }

    package static let agentService = "agent"

    /// What is to be stopped before the supervisor ends, each after those before it.
    ///
    /// A Pebble that ends stops services that do not require each other all at once, and `after` changes nothing about
    /// it. Yet a task or a request that is under way still needs the servers, so these go last. That the containers
    /// require them would be no help: a server that is slow to start would then keep the containers from starting.
    package static let stopOrder = [[agentService], ContainerName.workload.map(service)]
    package static let layerFile = "001-one-machine.yaml"

    /// The service that runs a container's Pebble.
    package static func service(_ container: ContainerName) -> String { "pebble-\(container.rawValue)" }

    private struct Entry {
        var name: String
        var summary: String
        var command: String
        var after: [String] = []
        var runsAsAccount = false
        var killDelay: String
        var environment: [(String, String)] = []
    }

    /// The text of the layer file.
    package var yaml: String {
        var text = "summary: the Indico operator on one machine\nservices:\n"
        for entry in serverEntries + containerEntries + [agentEntry] { text += render(entry) }
        text += checks
        return text
    }

    private var serverEntries: [Entry] {
        var entries: [Entry] = []
        if let postgresql {
            // Pebble signals the whole group: backends end their sessions, so the server has nobody to wait for.
            entries.append(
                Entry(
                    name: LocalServerName.postgresql.rawValue,
                    summary: "the private PostgreSQL cluster",
                    command: postgresql.startScriptPath,
                    runsAsAccount: true,
                    killDelay: "1m"
                )
            )
        }
        for server in redis {
            entries.append(
                Entry(
                    name: name(of: server).rawValue,
                    summary: server.role == .cache ? "sessions and cached pages" : "the queue of background tasks",
                    command: "\(server.programPath) \(server.configurationPath)",
                    runsAsAccount: true,
                    killDelay: "20s"
                )
            )
        }
        return entries
    }

    private func name(of server: RedisServer) -> LocalServerName { server.role == .cache ? .redisCache : .redisBroker }

    private var containerEntries: [Entry] {
        let servers = serverEntries.map(\.name)
        return ContainerName.workload.map { container in
            Entry(
                name: Self.service(container),
                summary: "supervises the container \(container.rawValue)",
                command: "\(state.program(.pebble)) run --create-dirs --hold",
                after: servers,
                // Longer than any service inside may take: a Pebble that is killed leaves its services behind.
                killDelay: "2m",
                environment: [("PEBBLE", state.pebble(container)), ("PEBBLE_SOCKET", state.socket(container))]
            )
        }
    }

    private var agentEntry: Entry {
        Entry(
            name: Self.agentService,
            summary: "the unit agent",
            command: "\(state.program(.indicoOperator)) agent --state-dir \(state.path)",
            after: ContainerName.workload.map(Self.service),
            killDelay: "1m"
        )
    }

    private var checks: String {
        var text = ""
        if let postgresql {
            text += """
                    postgresql:
                        override: replace
                        period: 10s
                        timeout: 5s
                        exec:
                            command: \(postgresql.readinessQuestion.joined(separator: " "))

                """
        }
        for server in redis {
            text += """
                    \(name(of: server).rawValue):
                        override: replace
                        period: 10s
                        timeout: 3s
                        tcp:
                            host: 127.0.0.1
                            port: \(server.port)

                """
        }
        return text.isEmpty ? "" : "checks:\n" + text
    }

    private func render(_ entry: Entry) -> String {
        var lines = [
            "    \(entry.name):", "        override: replace", "        summary: \(entry.summary)",
            "        startup: enabled", "        command: \(entry.command)",
        ]
        if !entry.after.isEmpty {
            lines.append("        after:")
            lines += entry.after.map { "            - \($0)" }
        }
        if entry.runsAsAccount && changesAccount {
            lines += ["        user: \(account.name)", "        group: \(account.group)"]
        }
        if !entry.environment.isEmpty {
            lines.append("        environment:")
            lines += entry.environment.map { "            \($0.0): \($0.1)" }
        }
        // Whatever ended well was not asked to: all of these are meant to stay.
        lines += ["        on-success: restart", "        on-failure: restart", "        backoff-limit: 10s"]
        lines.append("        kill-delay: \(entry.killDelay)")
        return lines.map { $0 + "\n" }.joined()
    }
}
