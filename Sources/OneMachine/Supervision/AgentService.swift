// SPDX-License-Identifier: Apache-2.0
import Glibc
import Logging
import MetricsServer
import ServiceLifecycle
package import UnitAgent

/// The unit agent of the one unit on this machine.
package struct AgentService: Sendable {
    private let state: StateDirectory
    private let environment: [String: String]

    package init(state: StateDirectory, environment: [String: String]) {
        self.state = state
        self.environment = environment
    }

    /// What the generic agent is told about this machine.
    package var configuration: AgentConfiguration {
        var configuration = AgentConfiguration(
            agentDirectory: state.agent,
            charmDirectory: state.charm,
            toolsDirectory: state.tools,
            containersDirectory: state.containers,
            application: Destroy.applicationName
        )
        // Somebody waits for 'down'. Most hooks are done by then; one that is not is killed and runs again at 'up'.
        configuration.shutdownGrace = .seconds(5)
        configuration.hookToolExecutable = state.program(.hookTool)
        // The one thing that tells the charm where it is.
        configuration.environment["INDICO_WORKLOAD_ROOT"] = state.root
        return configuration
    }

    /// Runs until it is asked to stop.
    package func run() async throws {
        let watch = SupervisorWatch(supervisor: LocalSupervisor(state: state), environment: environment)
        // The new supervisor ends whatever is left; staying on would only race it for the model.
        try watch.start { exit(0) }
        try RefreshWatch(state: state, environment: environment).start()
        try await waitForDatabase()
        let agent = UnitAgent(configuration: configuration)
        try await agent.runUntilTerminated(beside: await metrics(agent.statistics))
    }

    /// Serves the operator's numbers; without them, where somebody holds the port, everything else still works.
    private func metrics(_ statistics: HookStatistics) async -> [any Service] {
        let logger = Logger(label: "operator-metrics")
        ExporterProcess.useOneEventLoop()
        do {
            return [try await OperatorMetrics(state: state, statistics: statistics).server(logger: logger)]
        } catch {
            logger.error("the operator's metrics are not served", metadata: ["reason": "\(error)"])
            return []
        }
    }

    /// Gives the local database time to read its journal after a power cut.
    ///
    /// The charm's hooks would find it closed, and the next one that asks is `update-status`, minutes later. The limit is
    /// below what `up` waits for the agent; a database that takes longer is found by that hook.
    private func waitForDatabase(limit: Duration = .seconds(45)) async throws {
        let settings = try Settings.read(from: state)
        guard settings.external[.postgresql] == nil, let port = settings.ports[.postgresql] else { return }
        let directory = state.server(.postgresql)
        guard let programs = try? PostgreSQLServer.findPrograms(cluster: directory) else { return }
        let server = PostgreSQLServer(directory: directory, port: port, password: "", programs: programs)
        let question = server.readinessQuestion
        let deadline = ContinuousClock.now + limit
        while try !SetupCommand(question[0], Array(question.dropFirst())).run().succeeded, .now < deadline {
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
