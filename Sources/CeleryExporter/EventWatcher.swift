// SPDX-License-Identifier: Apache-2.0
import Logging
import ServiceLifecycle
import Synchronization

/// Listens to the broker's event channels for as long as the exporter runs.
final class EventWatcher: Service {
    /// How the connection to the broker fares.
    struct Status: Sendable, Equatable {
        /// Whether events can come in.
        var isListening = false
        /// How often listening began.
        var connections = 0
        /// Why listening ended last.
        var failure: String?
    }

    /// How often the broker is asked for a sign of life.
    static let pulse = Duration.seconds(15)
    /// How long the broker may be silent; three missed answers.
    static let silence = Duration.seconds(45)

    private let source: BrokerSource
    private let keyPrefix: String
    private let retryInterval: Duration
    private let logger: Logger
    private let receive: @Sendable ([UInt8]) -> Void
    private let state = Mutex(Status())
    /// Whether this connection is to be given up for another.
    private let isStale = Atomic(false)

    /// Creates a watcher.
    ///
    /// - Parameters:
    ///   - source: Where the broker's URL comes from.
    ///   - keyPrefix: What every channel begins with.
    ///   - retryInterval: How long to wait before another connection; zero to fail instead.
    ///   - logger: Where trouble is told.
    ///   - receive: Takes each message of the event channels.
    init(
        source: BrokerSource,
        keyPrefix: String,
        retryInterval: Duration,
        logger: Logger,
        receive: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.source = source
        self.keyPrefix = keyPrefix
        self.retryInterval = retryInterval
        self.logger = logger
        self.receive = receive
    }

    /// How the connection fares now.
    var status: Status { state.withLock { $0 } }

    /// Has the connection made anew at its next sign of life: another server is the broker now.
    func renew() {
        isStale.store(true, ordering: .releasing)
    }

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await self.watch() }
        } catch is CancellationError {
            // Asked to stop.
        }
    }

    private func watch() async throws {
        while true {
            do {
                try await listen()
            } catch {
                state.withLock {
                    $0.isListening = false
                    $0.failure = "\(error)"
                }
                try Task.checkCancellation()
                guard retryInterval > .zero else { throw error }
                logger.warning(
                    "not listening to events",
                    metadata: ["reason": "\(error)", "retry": "\(retryInterval)"]
                )
            }
            try await Task.sleep(for: retryInterval)
        }
    }

    /// Listens until the connection breaks, and then throws.
    private func listen() async throws {
        let url = try source.resolve()
        let pattern = "\(keyPrefix)/\(url.database).celeryev/*"
        isStale.store(false, ordering: .releasing)
        try await RedisSession.open(url, source.tls, silence: Self.silence) { session in
            _ = try await session.send("PSUBSCRIBE", pattern)
            self.state.withLock { $0 = Status(isListening: true, connections: $0.connections + 1) }
            self.logger.info("listening to events", metadata: ["broker": "\(url)", "channels": "\(pattern)"])
            let send = session.sender
            try await withThrowingTaskGroup { group in
                group.addTask {
                    while true {
                        try await Task.sleep(for: Self.pulse)
                        // Asked to quit, the server hangs up, and that ends the listening below.
                        try await send(self.isStale.load(ordering: .acquiring) ? "QUIT" : "PING")
                    }
                }
                defer { group.cancelAll() }
                while true { self.take(try await session.next()) }
            }
        }
    }

    private func take(_ reply: RESPValue) {
        // Everything else is the answer to a sign of life.
        guard let parts = reply.values, parts.count == 4, parts[0].text == "pmessage", let payload = parts[3].bytes
        else {
            return
        }
        receive(payload)
    }
}
