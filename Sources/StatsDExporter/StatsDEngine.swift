// SPDX-License-Identifier: Apache-2.0
import MetricsText

/// The exporter without its sockets: packets in, families out, the time given from outside.
struct StatsDEngine {
    /// Which socket a packet came from.
    enum Origin {
        /// The UDP socket.
        case udp
        /// The Unix datagram socket.
        case unix
        /// A line of a TCP connection.
        case tcp
        /// The UDP socket for StatsD inside syslog's packets.
        case syslog
    }

    /// What happens to events of one kind, name and set of tags.
    private enum Resolution {
        case drop
        case export(SeriesTable.Target, mapped: Bool)
        case error(EventError)
        case conflict(OwnMetrics.Conflict)
    }

    private let parser: LineParser
    private let version: String
    private var mapper: NameMapper
    private var cache: ResolutionCache<Resolution>
    private var series = SeriesTable()
    private var own = OwnMetrics()

    /// Creates an engine.
    ///
    /// - Parameters:
    ///   - mapping: The mapping to begin with.
    ///   - dialects: The understood ways of tagging.
    ///   - cacheSize: How many decisions are remembered.
    ///   - version: This program's version, for the build metric.
    /// - Throws: What a regular expression of the mapping is wrong with.
    init(mapping: Mapping, dialects: TagDialects, cacheSize: Int, version: String) throws {
        parser = LineParser(dialects: dialects)
        mapper = try NameMapper(mapping)
        cache = ResolutionCache(size: cacheSize)
        self.version = version
        own.rules = mapping.rules.count
    }

    /// Takes one packet.
    mutating func receive(_ packet: [UInt8], from origin: Origin, now: Duration) {
        switch origin {
        case .udp: count(.udpPacket)
        case .unix: count(.unixPacket)
        case .syslog: count(.syslogPacket)
        case .tcp: break
        }
        var events: [StatsDEvent] = []
        parser.parse(packet: origin == .syslog ? SyslogHeader.dropped(from: packet) : packet, into: &events, &own.lines)
        for event in events { handle(event, now: now) }
    }

    /// Counts something about the sockets.
    mutating func count(_ event: OwnMetrics.SocketEvent) {
        own.sockets[event, default: 0] += 1
    }

    /// Takes another mapping into use, or counts that there was none to be had.
    ///
    /// Series keep what they counted; what later samples become is decided anew.
    ///
    /// - Parameter mapping: The mapping; nil where the file could not be read.
    /// - Throws: What a regular expression of the mapping is wrong with.
    mutating func reload(_ mapping: Mapping?) throws {
        var succeeded = false
        defer { own.reloads[succeeded, default: 0] += 1 }
        guard let mapping else { return }
        mapper = try NameMapper(mapping)
        own.rules = mapping.rules.count
        cache.forgetAll()
        succeeded = true
    }

    /// Forgets series whose time to live is over.
    mutating func forgetStale(now: Duration) {
        // A forgotten series' place may be given to another, so no decision that points there may stay.
        if series.forgetStale(now: now) { cache.forgetAll() }
    }

    /// Everything there is to scrape.
    mutating func families(now: Duration) -> [MetricFamily] {
        series.families(now: now) + own.families(exported: series.familyCounts, version: version) + cacheFamilies
    }

    private var cacheFamilies: [MetricFamily] {
        func family(_ name: String, _ type: MetricType, _ help: String, _ value: Int) -> MetricFamily {
            MetricFamily("statsd_metric_mapper_cache_" + name, type, help: help, value: Double(value))
        }
        return [
            family("gets_total", .counter, "The count of total metric cache gets.", cache.asked),
            family("hits_total", .counter, "The count of total metric cache hits.", cache.known),
            family("length", .gauge, "The count of unique metrics currently cached.", cache.count),
        ]
    }

    private mutating func handle(_ event: StatsDEvent, now: Duration) {
        let key = ResolutionCache<Resolution>.Key(kind: event.kind, name: event.name, tags: event.tags)
        let resolution: Resolution
        if let known = cache.find(key) {
            resolution = known
        } else {
            resolution = resolve(event, now: now)
            // This is about one sample, not about the metric.
            if case .error(.illegalNegativeCounter) = resolution {} else { cache.remember(resolution, for: key) }
        }
        switch resolution {
        case .drop: own.actions[.drop, default: 0] += event.times
        case .error(let error): own.errors[error, default: 0] += event.times
        case .conflict(let conflict): own.count(conflict, times: event.times)
        case .export(let target, let mapped):
            if mapped {
                own.actions[.map, default: 0] += event.times
            } else {
                own.unmapped += event.times
            }
            guard event.kind != .counter || target.scale.applied(to: event.value) >= 0 else {
                own.errors[.illegalNegativeCounter, default: 0] += 1
                return
            }
            series.apply(event, to: target, now: now)
            own.events[event.kind, default: 0] += event.times
        }
    }

    private mutating func resolve(_ event: StatsDEvent, now: Duration) -> Resolution {
        let match = mapper.match(event.name, kind: event.kind)
        if match?.rule.action == .drop { return .drop }
        let name = MetricName.escaped(match?.name ?? event.name)
        if name.isEmpty { return .error(.emptyMetricName) }
        // Before there is a series: one that only ever shrinks is none.
        if event.kind == .counter, event.value * (match?.rule.scale ?? 1) < 0 {
            return .error(.illegalNegativeCounter)
        }
        let conflict = OwnMetrics.Conflict(kind: event.kind, name: name)
        if OwnMetrics.prefixes.contains(where: name.hasPrefix) { return .conflict(conflict) }
        var labels = LabelSet(event.tags)
        for (label, value) in match?.labels ?? [:] where !(match?.rule.honorLabels == true && labels[label] != nil) {
            labels.set(label, to: value)
        }
        if event.kind == .observer, labels["le"] != nil || labels["quantile"] != nil { return .error(.reservedLabel) }
        do {
            let rule = match?.rule ?? mapper.defaults.rule
            let target = try series.target(name, labels, event.kind, rule, now: now)
            return .export(target, mapped: match != nil)
        } catch {
            return .conflict(conflict)
        }
    }
}

extension MappingDefaults {
    /// The defaults as a rule, for metrics that none matches.
    fileprivate var rule: MappingRule {
        var rule = MappingRule(match: "", name: "")
        rule.timeToLive = timeToLive
        rule.observer = observer
        rule.buckets = buckets
        rule.summary = summary
        return rule
    }
}
