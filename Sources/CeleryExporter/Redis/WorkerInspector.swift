// SPDX-License-Identifier: Apache-2.0

/// What workers said of themselves.
struct WorkerReport: Sendable, Equatable {
    /// How many processes each worker has, by its whole name.
    var processes: [String: Int] = [:]
    /// The queues each worker serves, by its whole name.
    var queues: [String: [String]] = [:]

    /// How many workers serve each queue.
    var workersByQueue: [String: Int] {
        queues.values.reduce(into: [:]) { counts, names in for name in names { counts[name, default: 0] += 1 } }
    }

    /// How many processes serve each queue.
    var processesByQueue: [String: Int] {
        queues.reduce(into: [:]) { counts, entry in
            for name in entry.value { counts[name, default: 0] += processes[entry.key] ?? 0 }
        }
    }

    /// Takes an answer to `stats`: what each worker says, by its name.
    mutating func take(stats answer: WireValue) {
        guard case .object(let workers) = answer else { return }
        for (name, facts) in workers { processes[name] = facts["pool"]?["processes"]?.values?.count ?? 0 }
    }

    /// Takes an answer to `active_queues`.
    mutating func take(queues answer: WireValue) {
        guard case .object(let workers) = answer else { return }
        for (name, facts) in workers { queues[name] = facts.values?.compactMap { $0["name"]?.text } ?? [] }
    }
}

/// Asks workers for their queues and processes by Celery's remote control, as `celery inspect` does.
struct WorkerInspector: Sendable {
    /// How long workers have to answer.
    static let patience = Duration.seconds(1)

    private static let separator = "\u{06}\u{16}"

    private let keyPrefix: String
    private let identity = Self.identifier()

    init(keyPrefix: String) {
        self.keyPrefix = keyPrefix
    }

    /// Asks, and waits until every worker has answered or the time is up.
    ///
    /// - Parameters:
    ///   - session: A connection to the broker.
    ///   - database: The broker's database, which channels are named after.
    /// - Returns: What they said; nil when no worker listens to remote control.
    /// - Throws: `BrokerFailure` when the broker cannot be asked.
    func ask(_ session: inout RedisSession, database: Int) async throws -> WorkerReport? {
        let queue = "\(identity).reply.celery.pidbox"
        let binding = keyPrefix + "_kombu.binding.reply.celery.pidbox"
        let member = [identity, "", queue].joined(separator: Self.separator)
        _ = try await session.send("SADD", binding, member)
        let channel = "\(keyPrefix)/\(database).celery.pidbox"
        let (stats, queues) = (Self.identifier(), Self.identifier())
        var waiting = 0
        for (method, ticket) in [("stats", stats), ("active_queues", queues)] {
            waiting += try await session.send("PUBLISH", channel, question(method, ticket)).integer ?? 0
        }
        let hasWorkers = waiting > 0
        var report = WorkerReport()
        let deadline = ContinuousClock.now + Self.patience
        while waiting > 0, ContinuousClock.now < deadline {
            guard let parts = try await session.send("BRPOP", keyPrefix + queue, "1").values else { break }
            guard parts.count == 2, let message = parts[1].bytes else { continue }
            waiting -= 1
            guard let envelope = MessageEnvelope(message), let answer = Self.answer(envelope) else { continue }
            if envelope.ticket == stats { report.take(stats: answer) }
            if envelope.ticket == queues { report.take(queues: answer) }
        }
        _ = try await session.send("SREM", binding, member)
        _ = try await session.send("DEL", keyPrefix + queue)
        return hasWorkers ? report : nil
    }

    /// The value in an answer, which is JSON or a pickle of plain data.
    static func answer(_ envelope: MessageEnvelope) -> WireValue? {
        guard let body = envelope.body, !envelope.isCompressed else { return nil }
        switch envelope.contentType {
        case "application/json":
            var reader = JSONReader(body[...])
            return try? reader.value()
        case "application/x-python-serialize": return try? PickleReader.value(body)
        default: return nil
        }
    }

    /// A broadcast as Kombu's mailbox writes it; every word in it is ours, so that nothing needs escaping.
    private func question(_ method: String, _ ticket: String) -> String {
        let body = """
            {"method": "\(method)", "arguments": {}, "destination": null, "pattern": null, "matcher": null, \
            "ticket": "\(ticket)", "reply_to": {"exchange": "reply.celery.pidbox", "routing_key": "\(identity)"}}
            """
        return """
            {"body": "\(Base64.encoded(Array(body.utf8)))", "content-encoding": "utf-8", \
            "content-type": "application/json", "headers": {"clock": 0}, "properties": {"delivery_mode": 2, \
            "delivery_info": {"exchange": "celery.pidbox", "routing_key": ""}, "priority": 0, \
            "body_encoding": "base64", "delivery_tag": "\(Self.identifier())"}}
            """
    }

    /// A random UUID as Python writes it.
    private static func identifier() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = bytes.map { String($0 >> 4, radix: 16) + String($0 & 0x0F, radix: 16) }
        return [digits[0..<4], digits[4..<6], digits[6..<8], digits[8..<10], digits[10..<16]]
            .map { $0.joined() }.joined(separator: "-")
    }
}
