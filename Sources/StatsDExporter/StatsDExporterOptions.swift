// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import Logging
import MetricsServer

/// The severities of Prometheus' exporters.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case debug
    case info
    case warn
    case error

    /// The same in the logger's terms.
    var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warn: .warning
        case .error: .error
        }
    }
}

/// What the web side listens on.
struct WebOptions: ParsableArguments {
    @Option(
        name: .customLong("web.listen-address"),
        help: "The address on which to expose the web interface and generated Prometheus metrics."
    )
    var listenAddress = ListenAddress(host: nil, port: 9102)

    @Option(name: .customLong("web.telemetry-path"), help: "Path under which to expose metrics.")
    var telemetryPath = "/metrics"

    @Flag(
        name: .customLong("web.enable-lifecycle"),
        inversion: .prefixedNo,
        help: "Enable shutdown and reload via HTTP request."
    )
    var enableLifecycle = false
}

/// What the StatsD side listens on and how it reads.
struct StatsDOptions: ParsableArguments {
    @Option(name: .customLong("statsd.listen-udp"), help: "The UDP address to receive on. \"\" disables it.")
    var listenUDP = OptionalAddress(ListenAddress(host: nil, port: 9125))

    @Option(name: .customLong("statsd.listen-tcp"), help: "The TCP address to receive on. \"\" disables it.")
    var listenTCP = OptionalAddress(ListenAddress(host: nil, port: 9125))

    @Option(
        name: .customLong("syslog.listen-udp"),
        help: "The UDP address to receive syslog packets on whose messages are StatsD lines, as nginx sends them."
    )
    var listenSyslog = OptionalAddress(nil)

    @Option(
        name: .customLong("statsd.listen-unixgram"),
        help: "The path of a Unix datagram socket to receive on. \"\" disables it."
    )
    var listenUnixgram = ""

    @Option(name: .customLong("statsd.unixsocket-mode"), help: "The permission mode of the Unix socket.")
    var unixSocketMode = SocketMode(mode: 0o755)

    @Option(name: .customLong("statsd.mapping-config"), help: "Metric mapping configuration file name.")
    var mappingConfig: String?

    @Option(name: .customLong("statsd.read-buffer"), help: "Size in bytes of the kernel's receive buffer; 0 leaves it.")
    var readBuffer = 0

    @Option(name: .customLong("statsd.cache-size"), help: "How many metrics' mappings are remembered; 0 for none.")
    var cacheSize = 1000

    @Flag(name: .customLong("statsd.parse-dogstatsd-tags"), inversion: .prefixedNo, help: "Parse DogStatsD tags.")
    var parseDogStatsD = true

    @Flag(name: .customLong("statsd.parse-influxdb-tags"), inversion: .prefixedNo, help: "Parse InfluxDB tags.")
    var parseInfluxDB = true

    @Flag(name: .customLong("statsd.parse-librato-tags"), inversion: .prefixedNo, help: "Parse Librato tags.")
    var parseLibrato = true

    @Flag(name: .customLong("statsd.parse-signalfx-tags"), inversion: .prefixedNo, help: "Parse SignalFX tags.")
    var parseSignalFX = true

    @Option(
        name: .customLong("statsd.relay.address"),
        help: "The UDP address, host:port, of a StatsD server that is sent everything as well."
    )
    var relayAddress: String?

    @Option(name: .customLong("statsd.relay.packet-length"), help: "The most bytes of a packet that is sent on.")
    var relayPacketLength = 1400

    @OptionGroup(title: "Accepted for compatibility, without effect") var ignored: IgnoredOptions

    /// The understood ways of tagging.
    var dialects: TagDialects {
        TagDialects(dogStatsD: parseDogStatsD, influxDB: parseInfluxDB, librato: parseLibrato, signalFX: parseSignalFX)
    }

    /// Who is sent everything as well; nil for nobody.
    ///
    /// - Throws: `ListenFailure` when that server is not known.
    func relay() throws(ListenFailure) -> Relay? {
        guard let relayAddress, !relayAddress.isEmpty else { return nil }
        return try Relay(to: relayAddress, packetLength: relayPacketLength)
    }

    mutating func validate() throws {
        if listenUDP.address == nil, listenTCP.address == nil, listenUnixgram.isEmpty {
            throw ValidationError("At least one of UDP/TCP/Unixgram listeners must be specified.")
        }
        if !(1...65_507).contains(relayPacketLength) {
            throw ValidationError("--statsd.relay.packet-length is between 1 and 65507.")
        }
        if cacheSize < 0 { throw ValidationError("--statsd.cache-size is not negative.") }
    }
}

/// Flags about the original's queues, of which there are none here.
struct IgnoredOptions: ParsableArguments {
    @Option(name: .customLong("statsd.cache-type"), help: "The cache forgets the least recently used half.")
    var cacheType = "lru"
    @Option(name: .customLong("statsd.event-queue-size"), help: "Packets are handled as they come.")
    var eventQueueSize = 10_000
    @Option(name: .customLong("statsd.event-flush-threshold"), help: "Packets are handled as they come.")
    var eventFlushThreshold = 1000
    @Option(name: .customLong("statsd.event-flush-interval"), help: "Packets are handled as they come.")
    var eventFlushInterval = "200ms"
    @Option(name: .customLong("statsd.udp-packet-queue-size"), help: "Packets are handled as they come.")
    var udpPacketQueueSize = 10_000
}

extension ListenAddress: ExpressibleByArgument {
    /// Reads an address from the command line.
    init?(argument: String) {
        self.init(argument)
    }

    /// The address as `--help` shows it.
    var defaultValueDescription: String { description }
}

/// An address, or "" for none.
struct OptionalAddress: ExpressibleByArgument {
    let address: ListenAddress?

    init(_ address: ListenAddress?) {
        self.address = address
    }

    init?(argument: String) {
        if argument.isEmpty {
            address = nil
        } else if let read = ListenAddress(argument) {
            address = read
        } else {
            return nil
        }
    }

    var defaultValueDescription: String { address?.description ?? "" }
}

/// Permissions in octal digits.
struct SocketMode: ExpressibleByArgument {
    let mode: mode_t

    init(mode: mode_t) {
        self.mode = mode
    }

    init?(argument: String) {
        guard let mode = mode_t(argument, radix: 8), mode <= 0o777 else { return nil }
        self.mode = mode
    }

    var defaultValueDescription: String { String(mode, radix: 8) }
}
