// SPDX-License-Identifier: Apache-2.0
import MetricsText

/// What the exporter tells about itself, under the names of the original.
struct OwnMetrics: Sendable {
    /// No metric of a sender may take a name that begins like this.
    static let prefixes = ["statsd_exporter_", "statsd_metric_mapper_cache_", "process_"]
    /// How many names `statsd_exporter_events_conflict_total` tells apart before it calls the rest `other`.
    static let mostConflictNames = 100

    /// One conflicting name.
    struct Conflict: Hashable, Sendable {
        /// The kind of event.
        let kind: EventKind
        /// The exported name.
        let name: String
    }

    /// Something on a socket that is counted; the raw values are the metrics' names.
    enum SocketEvent: String, Sendable {
        /// A packet over UDP.
        case udpPacket = "udp_packets_total"
        /// A packet over the Unix socket.
        case unixPacket = "unixgram_packets_total"
        /// A packet of syslog over UDP.
        case syslogPacket = "syslog_packets_total"
        /// A connection over TCP.
        case tcpConnection = "tcp_connections_total"
        /// A connection that ended with an error.
        case tcpError = "tcp_connection_errors_total"
        /// A line over TCP that was too long.
        case tcpTooLongLine = "tcp_too_long_lines_total"
    }

    /// What was counted while reading lines.
    var lines = LineTally()
    /// What happened on the sockets.
    var sockets: [SocketEvent: Int] = [:]
    /// Events that were exported, by kind.
    var events: [EventKind: Int] = [:]
    /// Events that no rule matched.
    var unmapped = 0
    /// Events that a rule matched, by what it says.
    var actions: [MappingRule.Action: Int] = [:]
    /// Events that could not be exported, by reason.
    var errors: [EventError: Int] = [:]
    /// Events whose name is already something else.
    var conflicts: [Conflict: Int] = [:]
    /// Loads of the mapping file after the first, by outcome.
    var reloads: [Bool: Int] = [:]
    /// How many rules there are.
    var rules = 0

    /// Counts a conflict.
    mutating func count(_ conflict: Conflict, times: Int = 1) {
        let known = conflicts[conflict] != nil || conflicts.count < Self.mostConflictNames
        conflicts[known ? conflict : Conflict(kind: conflict.kind, name: "other"), default: 0] += times
    }

    /// The families.
    ///
    /// - Parameters:
    ///   - exported: The exported families, by type.
    ///   - version: This program's version.
    /// - Returns: One family for each thing counted.
    func families(exported: [MetricType: Int], version: String) -> [MetricFamily] {
        var families: [MetricFamily] = []
        func counter(_ name: String, _ help: String, _ value: Int) {
            families.append(MetricFamily("statsd_exporter_" + name, .counter, help: help, value: Double(value)))
        }
        func counters(_ name: String, _ help: String, _ values: [(LabelSet, Int)]) {
            var family = MetricFamily("statsd_exporter_" + name, .counter, help: help)
            for (labels, value) in values { family.append(Double(value), labels) }
            families.append(family)
        }
        counter("lines_total", "The total number of StatsD lines received.", lines.lines)
        counter("samples_total", "The total number of StatsD samples received.", lines.samples)
        counters(
            "sample_errors_total",
            "The total number of errors parsing StatsD samples.",
            SampleError.allCases.map { (["reason": $0.rawValue], lines.errors[$0] ?? 0) }
        )
        counter("tags_total", "The total number of DogStatsD tags processed.", lines.tagged)
        counter("tag_errors_total", "The number of errors parsing DogStatsD tags.", lines.tagErrors)
        func socket(_ event: SocketEvent, _ help: String) { counter(event.rawValue, help, sockets[event] ?? 0) }
        socket(.udpPacket, "The total number of StatsD packets received over UDP.")
        socket(.unixPacket, "The total number of StatsD packets received over Unixgram.")
        if let packets = sockets[.syslogPacket] {
            counter("syslog_packets_total", "The total number of syslog packets received over UDP.", packets)
        }
        socket(.tcpConnection, "The total number of TCP connections handled.")
        socket(.tcpError, "The number of errors encountered reading from TCP.")
        socket(.tcpTooLongLine, "The number of lines discarded due to being too long.")
        counters(
            "events_total",
            "The total number of StatsD events seen.",
            EventKind.allCases.map { (["type": $0.rawValue], events[$0] ?? 0) }
        )
        counter(
            "events_unmapped_total",
            "The total number of StatsD events no mapping was found for.",
            unmapped
        )
        counters(
            "events_actions_total",
            "The total number of StatsD events by action.",
            [MappingRule.Action.map, .drop].map { (["action": $0.rawValue], actions[$0] ?? 0) }
        )
        counters(
            "events_error_total",
            "The total number of StatsD events discarded due to errors.",
            EventError.allCases.map { (["reason": $0.rawValue], errors[$0] ?? 0) }
        )
        counters(
            "events_conflict_total",
            "The total number of StatsD events with conflicting names.",
            conflicts.map { (["type": $0.key.kind.rawValue, "metric_name": $0.key.name], $0.value) }
        )
        counters(
            "config_reloads_total",
            "The number of configuration reloads.",
            [true, false].map { (["outcome": $0 ? "success" : "failure"], reloads[$0] ?? 0) }
        )
        families += gauges(exported, version)
        return families
    }

    private func gauges(_ exported: [MetricType: Int], _ version: String) -> [MetricFamily] {
        let loaded = MetricFamily(
            "statsd_exporter_loaded_mappings",
            .gauge,
            help: "The current number of configured metric mappings.",
            value: Double(rules)
        )
        var total = MetricFamily("statsd_exporter_metrics_total", .gauge, help: "The total number of metrics.")
        for type in [MetricType.counter, .gauge, .histogram, .summary] {
            total.append(Double(exported[type] ?? 0), ["type": type.rawValue])
        }
        var build = MetricFamily(
            "statsd_exporter_build_info",
            .gauge,
            help: "A metric with a constant '1' value labeled by the version of statsd_exporter."
        )
        build.append(1, ["version": version])
        return [loaded, total, build]
    }
}

/// Why an event that was understood is not exported; the raw values are the label `reason`.
enum EventError: String, Sendable, CaseIterable {
    /// The mapping leaves nothing of the name.
    case emptyMetricName = "empty_metric_name"
    /// A counter that would shrink.
    case illegalNegativeCounter = "illegal_negative_counter"
    /// A label that a histogram or a summary writes itself.
    case reservedLabel = "reserved_label"
}
