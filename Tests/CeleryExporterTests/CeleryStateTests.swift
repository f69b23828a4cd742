// SPDX-License-Identifier: Apache-2.0
import MetricsText
import Testing

@testable import CeleryExporter

@Suite struct CeleryStateTests {
    @Test func `what a real Celery did is what is counted`() throws {
        var state = CeleryState(settings: CelerySettings())
        for message in try RecordedEvents.messages() { state.receive(Array(message.payload.utf8), now: .zero) }
        let scrape = try scrape(state)
        func task(_ counter: String, _ name: String) -> Double? {
            scrape.value("celery_task_\(counter)_total", ["name": name, "hostname": "vm", "queue_name": "celery"])
        }
        #expect(task("sent", "send_email") == 4)
        #expect(task("received", "send_email") == 4)
        #expect(task("started", "send_email") == 3)
        #expect(task("succeeded", "send_email") == 3)
        #expect(task("retried", "again") == 1)
        #expect(task("started", "again") == 2)
        #expect(task("succeeded", "again") == 1)
        #expect(task("revoked", "slow") == 0)
        let failed = scrape.samples("celery_task_failed_total", ["name": "broken"])
        #expect(failed.first { $0.labels["exception"] == "ValueError" }?.value == 1)
        #expect(failed.first { $0.labels["exception"] == "" }?.value == 0)
        #expect(
            scrape.value("celery_task_runtime_count", ["name": "slow", "hostname": "vm", "queue_name": "celery"]) == 1
        )
        #expect(scrape.sum("celery_task_runtime_bucket", ["name": "slow", "le": "1.0"]) == 0)
        #expect(scrape.sum("celery_task_runtime_bucket", ["name": "slow", "le": "2.5"]) == 1)
        // The retry was put off by a second, which is no waiting.
        #expect(try #require(scrape.sum("celery_task_queue_wait_time_sum", ["name": "again"])) < 0.5)
        #expect(scrape.sum("celery_task_queue_wait_time_count") == 7)
        #expect(scrape.value("celery_worker_up", ["hostname": "vm"]) == 0)
        #expect(scrape.sum("celery_exporter_event_errors_total") == 0)
    }

    @Test func `a task is known by what its earlier events said`() throws {
        var state = CeleryState(settings: CelerySettings())
        state.apply(event("task-sent", "gen1@web", uuid: "1", name: "mail", queue: "slow"), now: .zero)
        state.apply(event("task-started", "celery@h", uuid: "1"), now: .zero)
        state.apply(event("task-started", "celery@h", uuid: "2"), now: .zero)
        let scrape = try scrape(state)
        let started = "celery_task_started_total"
        #expect(scrape.value(started, ["name": "mail", "hostname": "h", "queue_name": "slow"]) == 1)
        #expect(scrape.value(started, ["name": "None", "hostname": "h", "queue_name": "celery"]) == 1)
        #expect(scrape.samples("celery_task_sent_total").map(\.labels["hostname"]) == ["web"])
        #expect(state.queues == ["slow"])
    }

    @Test func `the oldest task is forgotten for a new one`() {
        var memory = TaskMemory(capacity: 2)
        for (uuid, name) in [("1", "a"), ("2", "b"), ("3", "c")] {
            _ = memory.learn(uuid, from: event("task-received", "celery@h", uuid: uuid, name: name))
        }
        #expect(memory.learn("2", from: event("task-started", "celery@h", uuid: "2")).name == "b")
        #expect(memory.learn("1", from: event("task-started", "celery@h", uuid: "1")).name == nil)
        #expect(memory.learn("3", from: event("task-started", "celery@h", uuid: "3")).name == "c")
    }

    @Test func `a silent worker is down, and later forgotten`() throws {
        var state = CeleryState(settings: CelerySettings())
        var heartbeat = event("worker-heartbeat", "celery@a")
        heartbeat.active = 3
        state.apply(heartbeat, now: .seconds(0))
        state.apply(event("worker-heartbeat", "celery@b"), now: .seconds(200))
        state.apply(event("task-received", "celery@a", uuid: "1", name: "mail"), now: .seconds(0))
        state.ageWorkers(now: .seconds(300))
        #expect(try scrape(state).value("celery_worker_up", ["hostname": "a"]) == 1)
        #expect(try scrape(state).value("celery_worker_tasks_active", ["hostname": "a"]) == 3)
        #expect(try scrape(state, queues: ["q"]).value("celery_active_worker_count", ["queue_name": "q"]) == 2)
        state.ageWorkers(now: .seconds(301))
        #expect(try scrape(state).value("celery_worker_up", ["hostname": "a"]) == 0)
        #expect(try scrape(state).value("celery_worker_tasks_active", ["hostname": "a"]) == 0)
        #expect(try scrape(state, queues: ["q"]).value("celery_active_worker_count", ["queue_name": "q"]) == 1)
        state.ageWorkers(now: .seconds(601))
        #expect(try scrape(state).samples("celery_worker_up").map(\.labels) == [["hostname": "b"]])
        #expect(try scrape(state).samples("celery_task_received_total").isEmpty)
        state.apply(heartbeat, now: .seconds(700))
        #expect(try scrape(state).value("celery_worker_up", ["hostname": "a"]) == 1)
    }

    @Test func `timeouts of zero are for ever`() throws {
        var settings = CelerySettings()
        settings.workerTimeout = .zero
        settings.purgeAfter = .zero
        var state = CeleryState(settings: settings)
        state.apply(event("worker-heartbeat", "celery@a"), now: .zero)
        state.ageWorkers(now: .seconds(1_000_000))
        #expect(try scrape(state, queues: ["q"]).value("celery_worker_up", ["hostname": "a"]) == 1)
        #expect(try scrape(state, queues: ["q"]).value("celery_active_worker_count", ["queue_name": "q"]) == 1)
    }

    @Test func `settings change names and labels`() throws {
        var settings = CelerySettings()
        settings.prefix = "site_"
        settings.staticLabels = ["site": "one"]
        settings.genericSentHost = true
        settings.genericWorkerHost = true
        settings.defaultQueue = "main"
        var state = CeleryState(settings: settings)
        state.apply(event("task-sent", "gen1@web", uuid: "1", name: "mail"), now: .zero)
        state.apply(event("task-received", "celery@h", uuid: "1", name: "mail"), now: .zero)
        state.apply(event("worker-online", "celery@h"), now: .zero)
        let labels: LabelSet = ["name": "mail", "hostname": "generic", "queue_name": "main", "site": "one"]
        let scrape = try scrape(state, queues: ["main"])
        #expect(scrape.value("site_task_sent_total", labels) == 1)
        #expect(scrape.value("site_task_received_total", labels) == 1)
        #expect(scrape.value("site_worker_up", ["hostname": "h", "site": "one"]) == 1)
        #expect(scrape.value("site_queue_length", ["queue_name": "main", "site": "one"]) == 5)
    }

    @Test func `an event of a task without a task is counted as an error`() throws {
        var state = CeleryState(settings: CelerySettings())
        state.apply(event("task-started", "celery@h"), now: .zero)
        state.apply(event("task-custom", "celery@h"), now: .zero)
        state.receive(Array("{}".utf8), now: .zero)
        let errors = "celery_exporter_event_errors_total"
        #expect(try scrape(state).value(errors, ["reason": "missing_task"]) == 1)
        #expect(try scrape(state).value(errors, ["reason": "malformed_envelope"]) == 1)
    }

    @Test(
        arguments: [
            ("ValueError('x')", "ValueError"), ("SMTPServerDisconnected()", "SMTPServerDisconnected"),
            ("<oops>", "UnknownException"),
            ("a.b('x')", "UnknownException"), ("", "UnknownException"), (nil, "UnknownException"),
        ] as [(String?, String)]
    )
    func `an exception is known by its class`(representation: String?, name: String) {
        #expect(ExceptionName.read(representation) == name)
    }

    @Test(
        arguments: [
            ("1970-01-01T00:01:00+00:00", 60), ("1970-01-01T00:01:00.5+00:00", 60.5), ("1970-01-01T01:01:00+01:00", 60),
            ("1970-01-01T00:01:00", 60), ("soon", nil), ("", nil),
        ] as [(String, Double?)]
    )
    func `the earliest start is read as Python writes it`(text: String, seconds: Double?) {
        #expect(EarliestStart.read(text) == seconds)
    }

    @Test(
        arguments: [
            ("celery\u{06}\u{16}\u{06}\u{16}celery", "celery"),
            ("\u{06}\u{16}\u{06}\u{16}celery@vm.celery.pidbox", nil),
            ("worker.#\u{06}\u{16}\u{06}\u{16}celeryev.bc3e", nil), ("celery", nil), ("a\u{06}\u{16}\u{06}\u{16}", nil),
        ] as [(String, String?)]
    )
    func `a binding's queue is found`(member: String, queue: String?) {
        #expect(QueueFacts.queue(ofBinding: Array(member.utf8)) == queue)
    }

    @Test func `processes are unknown while workers do not answer, and none where there are no workers`() throws {
        func families(liveWorkers: Int) -> [MetricFamily] {
            QueueFacts(lengths: ["celery": 3]).families(MetricNaming(CelerySettings()), liveWorkers: liveWorkers)
        }
        func processes(_ families: [MetricFamily]) throws -> Double? {
            try MetricsDocument(TextFormat(.prometheus, bounds: .float).render(families))
                .value("celery_active_process_count", ["queue_name": "celery"])
        }
        #expect(try processes(families(liveWorkers: 1)) == nil)
        #expect(try processes(families(liveWorkers: 0)) == 0)
    }

    private func event(
        _ type: String,
        _ hostname: String,
        uuid: String? = nil,
        name: String? = nil,
        queue: String? = nil
    ) -> CeleryEvent {
        CeleryEvent(type: type, hostname: hostname, uuid: uuid, name: name, queue: queue)
    }

    private func scrape(_ state: CeleryState, queues: [String]? = nil) throws -> MetricsDocument {
        let facts = queues.map { QueueFacts(lengths: Dictionary(uniqueKeysWithValues: $0.map { ($0, 5) })) }
        return try MetricsDocument(TextFormat(.prometheus, bounds: .float).render(state.families(queues: facts)))
    }
}
