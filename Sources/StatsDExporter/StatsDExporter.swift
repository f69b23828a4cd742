// SPDX-License-Identifier: Apache-2.0
import Logging
import MetricsServer
import MetricsText
import ProgramVersion
import ServiceLifecycle

/// The exporter with its sockets bound, ready to run.
struct StatsDExporter {
    /// The port metrics are served on.
    let webPort: Int
    /// The port packets are received on, if any.
    let udpPort: Int?
    /// The port lines are received on, if any.
    let tcpPort: Int?
    /// What runs.
    let services: [any Service]

    private let logger: Logger
    private let quits: AsyncStream<Void>

    /// Binds every socket that is asked for.
    ///
    /// - Parameters:
    ///   - statsd: What to receive on and how to read.
    ///   - web: Where to serve.
    ///   - mapping: The mapping to begin with, as read from the file `statsd` names.
    ///   - logger: Where the process tells what it does.
    /// - Throws: `ListenFailure` for an address that cannot be had.
    init(statsd: StatsDOptions, web: WebOptions, mapping: Mapping, logger: Logger) async throws {
        let start = ContinuousClock.now
        let receiver = try StatsDReceiver(
            mapping: mapping,
            dialects: statsd.dialects,
            cacheSize: statsd.cacheSize,
            version: ProgramVersion.text,
            relay: try statsd.relay(),
            uptime: { ContinuousClock.now - start }
        )
        let loader = await MappingLoader(path: statsd.mappingConfig, receiver: receiver, logger: logger)
        let (quits, quit) = AsyncStream.makeStream(of: Void.self)
        var services: [any Service] = [loader, Sweeper(receiver: receiver), MemoryKeeper()]
        var udp: DatagramListener?
        var tcp: LineListener?
        if let address = statsd.listenUDP.address {
            let listener = try DatagramListener(udp: address, readBuffer: statsd.readBuffer, receiver: receiver)
            services.append(listener)
            udp = listener
        }
        let site = Self.site(
            receiver,
            web,
            udpPort: udp?.port,
            reload: { loader.reload() },
            quit: { quit.yield() }
        )
        let server = try await MetricsServer(serving: site, on: web.listenAddress, logger: logger)
        services.append(server)
        if let address = statsd.listenSyslog.address {
            services.append(
                try DatagramListener(
                    udp: address,
                    readBuffer: statsd.readBuffer,
                    receiver: receiver,
                    origin: .syslog
                )
            )
        }
        if let address = statsd.listenTCP.address {
            let listener = try await LineListener(tcp: address, receiver: receiver)
            services.append(listener)
            tcp = listener
        }
        if !statsd.listenUnixgram.isEmpty {
            services.append(
                try DatagramListener(
                    unix: statsd.listenUnixgram,
                    mode: statsd.unixSocketMode.mode,
                    readBuffer: statsd.readBuffer,
                    receiver: receiver
                )
            )
        }
        services.append(QuitWatcher(quits: quits))
        self.services = services
        self.logger = logger
        self.quits = quits
        webPort = server.port
        udpPort = udp?.port
        tcpPort = tcp?.port
    }

    /// Runs until a signal, or a request where those are allowed.
    ///
    /// - Throws: What a service failed with.
    func run() async throws {
        logger.info(
            "serving",
            metadata: [
                "web": "\(webPort)", "udp": "\(udpPort.map(String.init) ?? "off")",
                "tcp": "\(tcpPort.map(String.init) ?? "off")",
            ]
        )
        try await ExporterProcess.run(services, logger: logger)
    }

    private static func site(
        _ receiver: StatsDReceiver,
        _ web: WebOptions,
        udpPort: Int?,
        reload: @escaping @Sendable () -> Void,
        quit: @escaping @Sendable () -> Void
    ) -> MetricsSite {
        var site = MetricsSite(
            name: "StatsD Exporter",
            about: "Prometheus Exporter for converting StatsD to Prometheus metrics",
            metricsPath: web.telemetryPath
        ) {
            receiver.families() + Self.kernelDrops(udpPort) + ProcessMetrics().families()
        }
        guard web.enableLifecycle else { return site }
        site.add("/-/reload", methods: ["PUT", "POST"]) { _ in
            reload()
            return SiteAnswer(200, "Requesting reload")
        }
        site.add("/-/quit", methods: ["PUT", "POST"]) { _ in
            quit()
            return SiteAnswer(200, "Requesting termination... Goodbye!")
        }
        return site
    }
}

extension StatsDExporter {
    private static func kernelDrops(_ port: Int?) -> [MetricFamily] {
        guard let port else { return [] }
        let help = "The total number of dropped StatsD packets which received over UDP."
        let count = Double(KernelDrops.count(port: port))
        return [MetricFamily("statsd_exporter_udp_packet_drops_total", .counter, help: help, value: count)]
    }
}

/// Ends when quitting was asked for over HTTP, and the others with it.
private struct QuitWatcher: Service {
    let quits: AsyncStream<Void>

    func run() async throws {
        for await _ in quits.cancelOnGracefulShutdown() { return }
    }
}
