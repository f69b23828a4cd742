// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import FoundationEssentials
import Logging
import MetricsServer
import MetricsText
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing

@testable import StatsDExporter

@Suite struct ExporterSocketTests {
    @Test func `packets over UDP are scraped over HTTP`() async throws {
        try await withExporter { exporter in
            let port = try #require(exporter.udpPort)
            let socket = try await DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: "127.0.0.1", port: port).get()
            for _ in 0..<11 { try await socket.writeAndFlush(ByteBuffer(string: "requests:1|c")) }
            try await socket.writeAndFlush(ByteBuffer(string: "broken"))
            try await socket.writeAndFlush(ByteBuffer(string: ""))
            try await socket.close()
            let scrape = try await scrape(exporter.webPort) { $0.value("statsd_exporter_udp_packets_total") == 13 }
            #expect(scrape.value("requests") == 11)
            #expect(scrape.value("statsd_exporter_sample_errors_total", ["reason": "malformed_line"]) == 1)
            #expect(try #require(scrape.value("process_resident_memory_bytes")) > 0)
        }
    }

    @Test func `lines over TCP may come in pieces, and the last needs no end`() async throws {
        try await withExporter { exporter in
            let connection = try await connect(try #require(exporter.tcpPort))
            for piece in ["a:1", "|c\na:2|c\r\n\nb:", "3|g"] {
                try await connection.writeAndFlush(ByteBuffer(string: piece))
            }
            try await connection.close()
            let scrape = try await scrape(exporter.webPort) { $0.value("b") != nil }
            #expect(scrape.value("a") == 3)
            #expect(scrape.value("b") == 3)
            #expect(scrape.value("statsd_exporter_tcp_connections_total") == 1)
        }
    }

    @Test func `a line over TCP that is too long costs its connection`() async throws {
        try await withExporter { exporter in
            let connection = try await connect(try #require(exporter.tcpPort))
            let long = String(repeating: "x", count: LineListener.longestLine + 1)
            // The other side may close while this is still being written.
            try? await connection.writeAndFlush(ByteBuffer(string: "a:1|c\n\(long)"))
            try await connection.closeFuture.get()
            let scrape = try await scrape(exporter.webPort) {
                $0.value("statsd_exporter_tcp_too_long_lines_total") == 1
            }
            #expect(scrape.value("a") == 1)
        }
    }

    @Test func `packets over a Unix socket are counted, and an abandoned socket is replaced`() async throws {
        try await withDirectory { directory in
            let path = directory + "/statsd.sock"
            // What a process that was killed leaves behind: a socket that nobody reads.
            _ = try unixListener(path)
            #expect(FileManager.default.fileExists(atPath: path))
            for round in 1...2 {
                try await withExporter(["--statsd.listen-unixgram=\(path)", "--statsd.unixsocket-mode=700"]) {
                    exporter in
                    let attributes = try FileManager.default.attributesOfItem(atPath: path)
                    #expect(attributes[.posixPermissions] as? Int == 0o700)
                    let socket = try await DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                        .connect(unixDomainSocketPath: path).get()
                    try await socket.writeAndFlush(ByteBuffer(string: "a:\(round)|c"))
                    try await socket.close()
                    let scrape = try await scrape(exporter.webPort) { $0.value("a") != nil }
                    #expect(scrape.value("a") == Double(round))
                    #expect(scrape.value("statsd_exporter_unixgram_packets_total") == 1)
                }
                #expect(!FileManager.default.fileExists(atPath: path))
            }
        }
    }

    @Test func `a Unix socket that is in use is not taken over`() async throws {
        try await withDirectory { directory in
            let path = directory + "/statsd.sock"
            let live = try unixListener(path)
            #expect(throws: ListenFailure.self) { try unixListener(path) }
            withExtendedLifetime(live) {}
        }
    }

    @Test func `an address in use is refused by name`() async throws {
        try await withExporter { exporter in
            let port = try #require(exporter.tcpPort)
            await #expect(throws: ListenFailure.self) {
                try await Self.exporter(["--statsd.listen-tcp=127.0.0.1:\(port)"])
            }
            let udp = try #require(exporter.udpPort)
            await #expect(throws: ListenFailure.self) {
                try await Self.exporter(["--statsd.listen-udp=127.0.0.1:\(udp)"])
            }
        }
    }

    @Test func `the mapping is reloaded and the exporter quits when asked over HTTP`() async throws {
        try await withDirectory { directory in
            let path = directory + "/mapping.yaml"
            try Data("mappings: [{match: 'a.*', name: one}]".utf8).write(to: URL(filePath: path))
            let exporter = try await Self.exporter(["--statsd.mapping-config=\(path)"], ["--web.enable-lifecycle"])
            let group = ExporterProcess.group(exporter.services, trapsSignals: false, logger: Self.logger)
            async let running: Void = group.run()
            let client = ScrapeClient(port: exporter.webPort)
            try Data("mappings: [{match: 'a.*', name: one}, {match: b, name: two}]".utf8).write(to: URL(filePath: path))
            #expect(try await client.fetch("/-/reload", method: "POST").status == 200)
            #expect(try await client.fetch("/-/reload").status == 405)
            try Data("mappings: {".utf8).write(to: URL(filePath: path))
            _ = try await client.fetch("/-/reload", method: "PUT")
            let scrape = try await scrape(exporter.webPort) { _ in true }
            #expect(scrape.value("statsd_exporter_loaded_mappings") == 2)
            #expect(scrape.value("statsd_exporter_config_reloads_total", ["outcome": "failure"]) == 1)
            #expect(try await client.fetch("/-/quit", method: "POST").status == 200)
            try await running
        }
    }

    @Test func `the lifecycle pages are not there unless asked for`() async throws {
        try await withExporter { exporter in
            let client = ScrapeClient(port: exporter.webPort)
            let quit = try await client.fetch("/-/quit", method: "POST")
            #expect(quit.status == 404)
            let landing = try await client.fetch("/")
            #expect(landing.body.contains("StatsD Exporter"))
        }
    }

    @Test(arguments: [
        ["--statsd.listen-udp", "127.0.0.1:9125"], ["--statsd.listen-udp="], ["--no-statsd.parse-influxdb-tags"],
        ["--statsd.event-flush-interval=1s"], ["--statsd.mapping-config", "x"], ["--statsd.cache-type", "random"],
    ])
    func `the original's flags are taken`(flags: [String]) throws {
        _ = try StatsDOptions.parse(StatsDExporterCommand.separated(flags))
    }

    @Test(arguments: [
        ["--statsd.listen-udp=", "--statsd.listen-tcp="], ["--statsd.listen-udp=9125"],
        ["--statsd.unixsocket-mode=999"],
        ["--statsd.cache-size=-1"],
    ])
    func `wrong flags are refused`(flags: [String]) {
        #expect(throws: (any Error).self) { try StatsDOptions.parse(StatsDExporterCommand.separated(flags)) }
    }

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func exporter(_ flags: [String], _ web: [String] = []) async throws -> StatsDExporter {
        let standard = ["--statsd.listen-udp=127.0.0.1:0", "--statsd.listen-tcp=127.0.0.1:0"]
        let statsd = try StatsDOptions.parse(standard + flags)
        return try await StatsDExporter(
            statsd: statsd,
            web: try WebOptions.parse(["--web.listen-address=127.0.0.1:0"] + web),
            mapping: try MappingLoader.read(statsd.mappingConfig),
            logger: logger
        )
    }

    private func withExporter(_ flags: [String] = [], _ body: (StatsDExporter) async throws -> Void) async throws {
        let exporter = try await Self.exporter(flags)
        let group = ExporterProcess.group(exporter.services, trapsSignals: false, logger: Self.logger)
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            let result = await Result { try await body(exporter) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try result.get()
        }
    }

    private func connect(_ port: Int) async throws -> any Channel {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port).get()
    }

    /// Scrapes until a condition holds.
    private func scrape(_ port: Int, until holds: (MetricsDocument) -> Bool) async throws -> MetricsDocument {
        let deadline = ContinuousClock.now + .seconds(90)
        while true {
            let document = try MetricsDocument(try await ScrapeClient(port: port).fetch("/metrics").body)
            if holds(document) || ContinuousClock.now > deadline { return document }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func unixListener(_ path: String) throws -> DatagramListener {
        let receiver = try StatsDReceiver(
            mapping: Mapping(),
            dialects: TagDialects(),
            cacheSize: 0,
            version: "test",
            uptime: { .zero }
        )
        return try DatagramListener(unix: path, mode: 0o700, readBuffer: 0, receiver: receiver)
    }

    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "statsd-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let result = await Result { try await body(directory) }
        try FileManager.default.removeItem(atPath: directory)
        try result.get()
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
