// SPDX-License-Identifier: Apache-2.0
import Logging
import MetricsServer
import MetricsText
import ServiceLifecycle
import Synchronization

/// The exporter with its port bound, ready to run.
final class CeleryExporter: Sendable {
    /// The port metrics are served on.
    let port: Int
    /// What runs.
    let services: [any Service]

    private let watcher: EventWatcher
    private let logger: Logger

    /// Binds the port.
    ///
    /// - Parameters:
    ///   - source: Where the broker's URL comes from.
    ///   - settings: How the metrics are to be.
    ///   - address: Where to serve.
    ///   - retryInterval: How long to wait before the broker is tried again; zero to fail instead.
    ///   - logger: Where the process tells what it does.
    /// - Throws: `ListenFailure` when the address cannot be had.
    init(
        source: BrokerSource,
        settings: CelerySettings,
        address: ListenAddress,
        retryInterval: Duration,
        logger: Logger
    ) async throws {
        let start = ContinuousClock.now
        let uptime: @Sendable () -> Duration = { ContinuousClock.now - start }
        let state = SharedState(CeleryState(settings: settings))
        let reader = QueueReader(source: source, settings: settings, uptime: uptime)
        let watcher = EventWatcher(
            source: source,
            keyPrefix: settings.keyPrefix,
            retryInterval: retryInterval,
            logger: logger
        ) { payload in
            state.update { $0.receive(payload, now: uptime()) }
        }
        let site = Self.site(state, reader, watcher, logger, uptime)
        let server = try await MetricsServer(serving: site, on: address, logger: logger)
        port = server.port
        services = [server, watcher, MemoryKeeper()]
        self.watcher = watcher
        self.logger = logger
    }

    /// How the connection to the broker fares.
    var status: EventWatcher.Status { watcher.status }

    /// Runs until a signal, or until the broker fails where it is not to be tried again.
    ///
    /// - Throws: What a service failed with.
    func run() async throws {
        logger.info("serving", metadata: ["port": "\(port)"])
        try await ExporterProcess.run(services, logger: logger)
    }

    private static func site(
        _ state: SharedState,
        _ reader: QueueReader,
        _ watcher: EventWatcher,
        _ logger: Logger,
        _ uptime: @escaping @Sendable () -> Duration
    ) -> MetricsSite {
        var site = MetricsSite(
            name: "Celery Exporter",
            about: "Prometheus metrics of Celery's tasks, workers and queues",
            bounds: .float,
            offersOpenMetrics: true
        ) {
            // Tasks and workers are known without the broker; queues are left out while it cannot be asked.
            var queues: QueueFacts?
            do {
                queues = try await reader.read(seen: state.update { $0.queues })
            } catch {
                logger.warning("queues not read", metadata: ["reason": "\(error)"])
                // After a fail-over the connection that listens may be to the old server still.
                if "\(error)".contains("READONLY") { watcher.renew() }
            }
            let facts = queues
            let families = state.update { state in
                state.ageWorkers(now: uptime())
                return state.families(queues: facts)
            }
            return families + Self.own(watcher.status) + ProcessMetrics().families()
        }
        site.add("/health") { _ in
            do {
                let url = try await reader.probe()
                let status = watcher.status
                guard status.isListening else {
                    let reason = status.failure ?? "not listening to events yet"
                    return SiteAnswer(500, "Connected to the broker \(url), but unable to listen: \(reason)")
                }
                return SiteAnswer(200, "Connected to the broker \(url)")
            } catch {
                return SiteAnswer(500, "Failed to connect to broker: \(error)")
            }
        }
        return site
    }

    private static func own(_ status: EventWatcher.Status) -> [MetricFamily] {
        [
            MetricFamily(
                "celery_exporter_broker_up",
                .gauge,
                help: "Whether events of the broker are listened to.",
                value: status.isListening ? 1 : 0
            ),
            MetricFamily(
                "celery_exporter_broker_connections_total",
                .counter,
                help: "How often listening to the broker began; events in between are lost.",
                value: Double(status.connections)
            ),
        ]
    }
}

/// The state behind a lock: events change it, scrapes read it.
private final class SharedState: Sendable {
    private let state: Mutex<CeleryState>

    init(_ state: CeleryState) {
        self.state = Mutex(state)
    }

    func update<Outcome: Sendable>(_ body: (inout CeleryState) -> Outcome) -> Outcome {
        state.withLock { body(&$0) }
    }
}
