// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Logging
import MetricsServer
import MetricsText
import ServiceLifecycle
import Testing

@testable import CeleryExporter

@Suite(.enabled(if: RedisServer.executable != nil, "needs Redis: apt-get install redis-tools"))
struct LiveBrokerTests {
    @Test func `what Celery publishes on a real broker with a password is scraped`() async throws {
        try await RedisServer.with { redis in
            try await redis.running {
                try await withExporter(redis, .url(redis.url)) { exporter in
                    let client = ScrapeClient(port: exporter.port)
                    try await listening(exporter)
                    try await publishAll(redis)
                    // As tasks' results come: pickles, never opened, on a channel that is not subscribed to.
                    try await redis.send("PUBLISH", "celery-task-meta-1", "\u{80}\u{04}.")
                    let scrape = try await scrape(client) { $0.sum("celery_worker_up") == 0 }
                    #expect(scrape.sum("celery_task_succeeded_total") == 5)
                    #expect(scrape.sum("celery_task_failed_total", ["exception": "ValueError"]) == 1)
                    #expect(scrape.sum("celery_exporter_event_errors_total") == 0)
                    #expect(scrape.types["celery_task_runtime"] == "histogram")
                    let health = try await client.fetch("/health")
                    #expect(health.status == 200)
                    #expect(!health.body.contains(RedisServer.password))
                    let open = try await client.fetch("/metrics", accept: "application/openmetrics-text")
                    #expect(open.body.hasSuffix("# EOF\n"))
                }
            }
        }
    }

    @Test func `queues are found by their bindings and measured`() async throws {
        try await RedisServer.with { redis in
            try await redis.running {
                let separator = "\u{06}\u{16}"
                try await redis.send("SADD", "_kombu.binding.celery", "celery\(separator)\(separator)celery")
                try await redis.send("SADD", "_kombu.binding.slow", "slow\(separator)\(separator)slow")
                try await redis.send("SADD", "_kombu.binding.celeryev", "worker.#\(separator)\(separator)celeryev.1")
                try await redis.send(
                    "SADD",
                    "_kombu.binding.celery.pidbox",
                    "\(separator)\(separator)celery@h.celery.pidbox"
                )
                for list in ["celery", "celery", "celery\(separator)3", "slow"] {
                    try await redis.send("LPUSH", list, "x")
                }
                try await withExporter(redis, .url(redis.url), queues: ["given"]) { exporter in
                    let scrape = try await scrape(ScrapeClient(port: exporter.port)) { _ in true }
                    let lengths = scrape.samples("celery_queue_length").map {
                        "\($0.labels["queue_name"] ?? "")=\($0.value)"
                    }
                    #expect(lengths == ["celery=3.0", "given=0.0", "slow=1.0"])
                }
            }
        }
    }

    @Test func `workers are asked for their queues and processes, in JSON and in pickles`() async throws {
        try await RedisServer.with { redis in
            try await redis.running {
                try await withExporter(redis, .url(redis.url), queues: ["given"]) { exporter in
                    let workers = try PlayedWorkers(redis)
                    try await workers.while {
                        let client = ScrapeClient(port: exporter.port)
                        let scrape = try await scrape(client) {
                            $0.value("celery_active_process_count", ["queue_name": "celery"]) == 5
                        }
                        #expect(scrape.value("celery_active_process_count", ["queue_name": "celery"]) == 5)
                        #expect(scrape.value("celery_active_worker_count", ["queue_name": "celery"]) == 2)
                        #expect(scrape.value("celery_active_process_count", ["queue_name": "slow"]) == 3)
                        #expect(scrape.value("celery_active_worker_count", ["queue_name": "given"]) == 0)
                    }
                    // Nothing is left on the broker.
                    let left = try await redis.send("KEYS", "*pidbox*")
                    #expect(left == .array([]))
                }
            }
        }
    }

    @Test func `a broker that goes away is said, and found again`() async throws {
        try await RedisServer.with { redis in
            let file = redis.directory + "/url"
            try Data("redis://:wrong@127.0.0.1:\(redis.url.port)/1\n".utf8).write(to: URL(filePath: file))
            try await withExporter(redis, .file(file)) { exporter in
                let client = ScrapeClient(port: exporter.port)
                try await redis.running {
                    // The wrong password first: the right one is taken up from the file without a restart.
                    let refused = try await health(client) { $0.body.contains("WRONGPASS") }
                    #expect(refused.status == 500)
                    let url = "redis://:\(RedisServer.password)@127.0.0.1:\(redis.url.port)/1\n"
                    try Data(url.utf8).write(to: URL(filePath: file))
                    try await listening(exporter)
                    try await publishAll(redis)
                    _ = try await scrape(client) { $0.sum("celery_task_succeeded_total") == 5 }
                }
                let down = try await scrape(client) { $0.value("celery_exporter_broker_up") == 0 }
                #expect(down.value("celery_exporter_broker_up") == 0)
                #expect(down.sum("celery_task_succeeded_total") == 5)
                #expect(down.samples("celery_queue_length").isEmpty)
                let unwell = try await client.fetch("/health")
                #expect(unwell.status == 500)
                #expect(!unwell.body.contains(RedisServer.password))
                try await redis.running {
                    try await listening(exporter)
                    try await publishAll(redis)
                    let back = try await scrape(client) { $0.sum("celery_task_succeeded_total") == 10 }
                    #expect(back.sum("celery_task_succeeded_total") == 10)
                    #expect(try #require(back.value("celery_exporter_broker_connections_total")) == 2)
                }
            }
        }
    }

    @Test func `without a retry interval a broker that is not there ends the exporter`() async throws {
        let exporter = try await CeleryExporter(
            source: .url(try BrokerURL("redis://:secret@127.0.0.1:1/0")),
            settings: CelerySettings(),
            address: ListenAddress(host: "127.0.0.1", port: 0),
            retryInterval: .zero,
            logger: Self.logger
        )
        do {
            try await ExporterProcess.group(exporter.services, trapsSignals: false, logger: Self.logger).run()
            Issue.record("it went on")
        } catch {
            #expect("\(error)".contains("cannot connect to broker redis://:**@127.0.0.1:1/0"))
        }
    }

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func withExporter(
        _ redis: RedisServer,
        _ source: BrokerSource,
        queues: [String] = [],
        _ body: (CeleryExporter) async throws -> Void
    ) async throws {
        var settings = CelerySettings()
        settings.queues = queues
        let exporter = try await CeleryExporter(
            source: source,
            settings: settings,
            address: ListenAddress(host: "127.0.0.1", port: 0),
            retryInterval: .milliseconds(50),
            logger: Self.logger
        )
        let group = ExporterProcess.group(exporter.services, trapsSignals: false, logger: Self.logger)
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            let failure: (any Error)?
            do {
                try await body(exporter)
                failure = nil
            } catch {
                failure = error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            if let failure { throw failure }
        }
    }

    /// Publishes the recorded messages on the channels of database 1.
    private func publishAll(_ redis: RedisServer) async throws {
        for message in try RecordedEvents.messages() {
            try await redis.send("PUBLISH", message.channel.replacing("/0.", with: "/1."), message.payload)
        }
    }

    private func listening(_ exporter: CeleryExporter) async throws {
        try await poll {
            exporter.status
        } until: {
            $0.isListening
        }
    }

    @discardableResult
    private func scrape(
        _ client: ScrapeClient,
        until holds: (MetricsDocument) -> Bool
    ) async throws -> MetricsDocument {
        try await poll {
            try MetricsDocument(try await client.fetch("/metrics").body)
        } until: {
            holds($0)
        }
    }

    private func health(
        _ client: ScrapeClient,
        until holds: (ScrapeClient.Reply) -> Bool
    ) async throws -> ScrapeClient.Reply {
        try await poll {
            try await client.fetch("/health")
        } until: {
            holds($0)
        }
    }

    /// Asks again until an answer fits; returns the last one when none does in time.
    @discardableResult
    private func poll<Answer>(
        _ ask: () async throws -> Answer,
        until holds: (Answer) -> Bool
    ) async throws -> Answer {
        let deadline = ContinuousClock.now + .seconds(90)
        while true {
            let answer = try await ask()
            if holds(answer) || ContinuousClock.now > deadline { return answer }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
