// SPDX-License-Identifier: Apache-2.0
import Glibc
import HookProtocol
import LinuxSupport
import Logging
import PebbleAPI
public import ServiceLifecycle
import Synchronization
import UnixSignals

/// A unit agent: runs one unit of any charm on this machine, as Juju's agent would.
///
/// It keeps the model in a database, dispatches the charm for each event, serves its hook tools, watches the Pebbles of
/// its containers, and takes an operator's requests on a control socket (see ``AgentControlClient``).
///
/// ```swift
/// try await UnitAgent(configuration: configuration).runUntilTerminated()
/// ```
public struct UnitAgent: Service {
    /// What the agent was told.
    public let configuration: AgentConfiguration
    /// What became of the hooks it has run.
    public let statistics = HookStatistics()

    /// Creates an agent; nothing is touched before ``run()``.
    ///
    /// - Parameter configuration: Where things are and who the unit is.
    public init(configuration: AgentConfiguration) { self.configuration = configuration }

    /// Runs the unit until the service group shuts down or the unit is removed.
    ///
    /// A hook that runs at shutdown is waited for as long as the configuration says; then it is killed and will be run
    /// again by the next agent.
    ///
    /// - Throws: When the state directory is in use by another agent, or the charm or the model cannot be read.
    public func run() async throws {
        try await run(now: { Timestamp.now() })
    }

    /// Runs the unit as the whole of a process: SIGTERM and SIGINT end it gracefully.
    ///
    /// - Parameter others: What runs beside it and ends with it; their own end changes nothing.
    /// - Throws: What ``run()`` throws.
    public func runUntilTerminated(beside others: [any Service] = []) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(
                        service: self,
                        successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .cancelGroup
                    )
                ]
                    + others.map { other in
                        .init(
                            service: other,
                            successTerminationBehavior: .ignore,
                            failureTerminationBehavior: .ignore
                        )
                    },
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "unit-agent")
            )
        )
        try await group.run()
    }

    func run(observer: StoreObserver? = nil, now: @escaping @Sendable () -> Timestamp) async throws {
        let core = try AgentCore(configuration: configuration, observer: observer, now: now)
        try linkTools()
        let tools = HookToolRunner(
            store: core.store,
            unit: core.unit,
            log: core.log,
            now: now,
            changed: { core.changes.announce() },
            rebootNow: { core.memory.withLock { $0.cancelHook }?() }
        )
        let toolServer = try HookToolServer(socketPath: configuration.hookSocketPath, runner: tools)
        let control = try ControlServer(core: core)
        try toolServer.start()
        try control.start()
        let watchers = WorkloadWatchers(core: core)
        try watchers.start()
        core.log.write(.info, "juju.agent", "unit agent for \(core.unit.unitName) started, charm \(core.charm.name)")
        defer {
            // Who runs hooks by hand has nothing to wait for any more.
            let session = core.memory.withLock { memory in
                memory.isStopping = true
                return memory.debugSession
            }
            session?.leave()
            watchers.stop()
            toolServer.stop()
            control.stop()
        }
        let dispatcher = Dispatcher(
            configuration: configuration,
            unit: core.unit,
            log: core.log,
            runner: CommandRunner(reaper: try ProcessReaper()),
            path: ProcessEnvironment.variable("PATH") ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        )
        try await run(
            HookLoop(core: core, tools: tools, dispatcher: dispatcher, statistics: statistics) { try watchers.start() }
        )
    }

    /// Runs the loop beside the watch for the group's shutdown.
    private func run(_ loop: HookLoop) async throws {
        let core = loop.core
        let grace = configuration.shutdownGrace
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await loop.run() }
            group.addTask {
                // It throws when the loop has ended by itself and the group is cancelled.
                guard (try? await gracefulShutdown()) != nil else { return }
                core.memory.withLock { $0.isStopping = true }
                core.changes.signal()
                try? await Task.sleep(for: grace)
            }
            // Whichever ends first: the loop, or the time a running hook was given.
            defer { group.cancelAll() }
            do {
                try await group.next()
            } catch is CancellationError {
                return
            }
        }
    }

    /// Keeps a link in the tools directory for each hook tool.
    private func linkTools() throws {
        guard let executable = configuration.hookToolExecutable else { return }
        try makeDirectory(configuration.toolsDirectory)
        for tool in HookTools.all {
            let path = "\(configuration.toolsDirectory)/\(tool.name.rawValue)"
            var target = [CChar](repeating: 0, count: 4096)
            let length = readlink(path, &target, target.count - 1)
            if length >= 0, target[..<length].elementsEqual(executable.utf8.map { CChar(bitPattern: $0) }) { continue }
            unlink(path)
            guard symlink(executable, path) == 0 else { throw SystemError.last("link \(path)") }
        }
    }
}
