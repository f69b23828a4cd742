// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Asks the broker for its queues, over a connection of its own for each question.
final class QueueReader: Sendable {
    /// How long the broker may take for any one answer.
    static let patience = Duration.seconds(5)
    /// How often the broker's keys are searched for bindings; lengths are asked for every time.
    static let searchInterval = Duration.seconds(60)
    /// How many steps one search may take, so that a broker with millions of keys is not walked through for ever.
    private static let searchSteps = 100

    /// The priorities Kombu keeps lists of their own for, beside the queue's plain one.
    private static let priorities = ["3", "6", "9"]

    private struct Known {
        var queues: Set<String>
        var searched: Duration?
    }

    private let source: BrokerSource
    private let keyPrefix: String
    private let inspector: WorkerInspector
    private let uptime: @Sendable () -> Duration
    private let known: Mutex<Known>

    /// Creates a reader.
    ///
    /// - Parameters:
    ///   - source: Where the broker's URL comes from.
    ///   - settings: The queues to begin with, and what keys begin with.
    ///   - uptime: A clock that never goes back.
    init(source: BrokerSource, settings: CelerySettings, uptime: @escaping @Sendable () -> Duration) {
        self.source = source
        keyPrefix = settings.keyPrefix
        inspector = WorkerInspector(keyPrefix: settings.keyPrefix)
        self.uptime = uptime
        known = Mutex(Known(queues: Set(settings.queues)))
    }

    /// Asks for the queues' lengths.
    ///
    /// - Parameter seen: Queues that events named.
    /// - Returns: What the broker says.
    /// - Throws: `BrokerFailure` when it cannot be asked.
    func read(seen: Set<String>) async throws -> QueueFacts {
        let now = uptime()
        let isDue = known.withLock { $0.searched.map { now - $0 >= Self.searchInterval } ?? true }
        let url = try source.resolve()
        return try await RedisSession.open(url, source.tls, silence: Self.patience) { session in
            if isDue {
                let found = try await self.search(&session)
                self.known.withLock {
                    $0.queues.formUnion(found)
                    $0.searched = now
                }
            }
            var facts = QueueFacts()
            facts.report = try await self.inspector.ask(&session, database: url.database)
            let served = facts.report?.queues.values.flatMap { $0 } ?? []
            self.known.withLock { $0.queues.formUnion(served) }
            for queue in self.known.withLock({ $0.queues.union(seen) }) {
                facts.lengths[queue] = try await self.length(queue, &session)
            }
            facts.unacknowledged = try await session.send("HLEN", self.keyPrefix + "unacked").integer ?? 0
            return facts
        }
    }

    /// Makes sure that the broker can be reached and answers.
    ///
    /// - Returns: The broker's URL with its password hidden.
    /// - Throws: `BrokerFailure` when it cannot.
    func probe() async throws -> String {
        let url = try source.resolve()
        _ = try await RedisSession.open(url, source.tls, silence: Self.patience) { session in
            try await session.send("PING")
        }
        return url.description
    }

    private func search(_ session: inout RedisSession) async throws -> Set<String> {
        let prefix = keyPrefix + "_kombu.binding."
        var queues: Set<String> = []
        var cursor = "0"
        for _ in 0..<Self.searchSteps {
            let reply = try await session.send("SCAN", cursor, "MATCH", prefix + "*", "COUNT", "1000")
            guard let parts = reply.values, parts.count == 2, let next = parts[0].text else { break }
            for key in parts[1].values?.compactMap(\.text) ?? [] where !key.hasSuffix(".pidbox") {
                let members = try await session.send("SMEMBERS", key).values ?? []
                queues.formUnion(members.compactMap { $0.bytes.flatMap(QueueFacts.queue(ofBinding:)) })
            }
            cursor = next
            if cursor == "0" { break }
        }
        return queues
    }

    private func length(_ queue: String, _ session: inout RedisSession) async throws -> Int {
        var length = 0
        for list in [queue] + Self.priorities.map({ queue + "\u{06}\u{16}" + $0 }) {
            length += try await session.send("LLEN", keyPrefix + list).integer ?? 0
        }
        return length
    }
}
