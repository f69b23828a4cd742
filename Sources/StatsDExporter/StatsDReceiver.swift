// SPDX-License-Identifier: Apache-2.0
import MetricsText
import Synchronization

/// The engine behind a lock and on a clock: what the sockets feed and a scrape reads.
final class StatsDReceiver: Sendable {
    private let engine: Mutex<StatsDEngine>
    private let uptime: @Sendable () -> Duration
    private let relay: Relay?

    /// Creates a receiver.
    ///
    /// - Parameters:
    ///   - mapping: The mapping to begin with.
    ///   - dialects: The understood ways of tagging.
    ///   - cacheSize: How many decisions are remembered.
    ///   - version: This program's version.
    ///   - relay: Who is sent everything as well; nil for nobody.
    ///   - uptime: A clock that never goes back.
    /// - Throws: What a regular expression of the mapping is wrong with.
    init(
        mapping: Mapping,
        dialects: TagDialects,
        cacheSize: Int,
        version: String,
        relay: Relay? = nil,
        uptime: @escaping @Sendable () -> Duration
    ) throws {
        let made = try StatsDEngine(mapping: mapping, dialects: dialects, cacheSize: cacheSize, version: version)
        engine = Mutex(made)
        self.uptime = uptime
        self.relay = relay
    }

    /// Takes one packet.
    func receive(_ packet: [UInt8], from origin: StatsDEngine.Origin) {
        // What comes inside syslog's packets is this machine's own affair.
        if origin != .syslog { relay?.take(packet) }
        let now = uptime()
        engine.withLock { $0.receive(packet, from: origin, now: now) }
    }

    /// Counts something about the sockets.
    func count(_ event: OwnMetrics.SocketEvent) {
        engine.withLock { $0.count(event) }
    }

    /// Takes another mapping into use; nil only counts the failure to read one.
    ///
    /// - Parameter mapping: The mapping.
    /// - Throws: What a regular expression of the mapping is wrong with.
    func reload(_ mapping: Mapping?) throws {
        try engine.withLock { try $0.reload(mapping) }
    }

    /// Does what is to be done every second: forgets series whose time to live is over, sends on what has gathered.
    func tick() {
        relay?.flush()
        let now = uptime()
        engine.withLock { $0.forgetStale(now: now) }
    }

    /// Everything there is to scrape.
    func families() -> [MetricFamily] {
        let now = uptime()
        return engine.withLock { $0.families(now: now) } + (relay?.families() ?? [])
    }
}
