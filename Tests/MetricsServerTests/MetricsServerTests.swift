// SPDX-License-Identifier: Apache-2.0
import Logging
import MetricsText
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing

@testable import MetricsServer

@Suite struct MetricsServerTests {
    @Test func `metrics are served over HTTP, and HEAD tells their size`() async throws {
        try await withServer { port in
            let client = ScrapeClient(port: port)
            let got = try await client.fetch("/metrics?x=y")
            #expect(got.status == 200)
            #expect(try MetricsDocument(got.body).value("a_total") == 3)
            let head = try await client.fetch("/metrics", method: "HEAD")
            #expect(head.body.isEmpty)
            #expect(head.contentLength == got.body.utf8.count)
            #expect(try await client.fetch("/nothing").status == 404)
            #expect(try await client.fetch("/metrics", method: "DELETE").status == 405)
        }
    }

    @Test func `a kept connection answers several requests in order`() async throws {
        try await withServer { port in
            let text = try await exchange(
                port,
                "GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(text.contains("Healthy.\nHTTP/1.1 404 Not Found\r\n"))
        }
    }

    @Test func `an old client's connection is closed after its answer`() async throws {
        try await withServer { port in
            let text = try await exchange(port, "GET /health HTTP/1.0\r\n\r\n")
            #expect(text.contains("200 OK"))
        }
    }

    @Test(arguments: [
        "\u{0}\u{1}\u{2} garbage\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: nine\r\n\r\n",
    ])
    func `a malformed request costs its connection, not the server`(request: String) async throws {
        try await withServer { port in
            let text = try await exchange(port, request)
            #expect(!text.contains("200 OK"))
            #expect(try await ScrapeClient(port: port).fetch("/health").status == 200)
        }
    }

    @Test func `a body beyond the limit is refused`() async throws {
        var limits = MetricsServer.Limits()
        limits.bodyBytes = 1000
        try await withServer(limits) { port in
            let body = String(repeating: "x", count: 5000)
            let text = try await exchange(
                port,
                "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n" + body
            )
            #expect(text.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func `headers beyond the limit are refused`() async throws {
        try await withServer { port in
            let cookie = String(repeating: "x", count: 70_000)
            let text = try await exchange(port, "GET /health HTTP/1.1\r\nHost: x\r\nCookie: \(cookie)\r\n\r\n")
            #expect(!text.contains("200 OK"))
        }
    }

    @Test func `a silent connection is closed`() async throws {
        var limits = MetricsServer.Limits()
        limits.idle = .milliseconds(50)
        try await withServer(limits) { port in
            let text = try await exchange(port, "GET /hea")
            #expect(text.isEmpty)
        }
    }

    @Test func `a connection beyond the limit is closed at once`() async throws {
        var limits = MetricsServer.Limits()
        limits.connections = 0
        try await withServer(limits) { port in
            let text = try await exchange(port, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(text.isEmpty)
        }
    }

    @Test func `an address in use is a failure that names it`() async throws {
        try await withServer { port in
            await #expect(throws: ListenFailure.self) {
                try await MetricsServer(
                    serving: Self.site,
                    on: ListenAddress(host: "127.0.0.1", port: port),
                    logger: Self.logger
                )
            }
        }
    }

    @Test func `a shutdown finishes the answer under way and closes idle connections`() async throws {
        let (begun, began) = AsyncStream.makeStream(of: Void.self)
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        var site = Self.site
        site.add("/slow") { _ in
            began.yield()
            for await _ in released { break }
            return SiteAnswer(200, "finished")
        }
        let server = try await Self.server(site)
        let group = ServiceGroup(services: [server], logger: Self.logger)
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            let idle = try await connect(server.port)
            async let slow = ScrapeClient(port: server.port).fetch("/slow")
            for await _ in begun { break }
            await group.triggerGracefulShutdown()
            release.yield()
            #expect(try await slow.body == "finished")
            try await idle.executeThenClose { inbound, _ in
                for try await _ in inbound {}
            }
            try await tasks.waitForAll()
        }
    }

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static let site = MetricsSite(name: "Probe", about: "About it.") {
        [MetricFamily("a_total", .counter, help: "A.", value: 3)]
    }

    private static func server(
        _ site: MetricsSite,
        _ limits: MetricsServer.Limits = .init()
    ) async throws -> MetricsServer {
        try await MetricsServer(
            serving: site,
            on: ListenAddress(host: "127.0.0.1", port: 0),
            limits: limits,
            logger: logger
        )
    }

    private func withServer(
        _ limits: MetricsServer.Limits = .init(),
        _ body: (_ port: Int) async throws -> Void
    ) async throws {
        let server = try await Self.server(Self.site, limits)
        let group = ServiceGroup(services: [server], logger: Self.logger)
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body(server.port)
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func connect(_ port: Int) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(host: "127.0.0.1", port: port) {
            channel in
            channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
        }
    }

    /// Sends text and reads until the server closes.
    private func exchange(_ port: Int, _ request: String) async throws -> String {
        try await connect(port).executeThenClose { inbound, outbound in
            var text = ""
            do {
                try await outbound.write(ByteBuffer(string: request))
                for try await bytes in inbound { text += String(buffer: bytes) }
            } catch is IOError {
                // Closed before all was sent: what was answered until then counts.
            } catch is ChannelError {
            }
            return text
        }
    }
}
