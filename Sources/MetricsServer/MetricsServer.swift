// SPDX-License-Identifier: Apache-2.0
package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

/// Serves a site over HTTP/1.1 until it is asked to stop; what is being answered then is finished first.
///
/// Meant for scrapers on the same machine or network: small requests, few connections, limits on both.
package struct MetricsServer: Service {
    /// What one client may ask of the server.
    package struct Limits: Sendable {
        /// How many connections are open at a time; further ones are closed at once.
        package var connections = 128
        /// How many bytes of a request's body are read over before the connection is refused.
        package var bodyBytes = 64 * 1024
        /// How many bytes of headers a request may have.
        package var headerBytes = 32 * 1024
        /// How long a connection may be silent.
        package var idle: Duration = .seconds(60)

        /// Creates the usual limits.
        package init() {}
    }

    typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    private let site: MetricsSite
    private let limits: Limits
    private let logger: Logger
    private let listener: NIOAsyncChannel<Connection, Never>
    private let open = ConnectionCount()

    /// The port that is listened on.
    package let port: Int

    /// Binds the address, so that a failure to do so is known before anything else starts.
    ///
    /// - Parameters:
    ///   - site: What to serve.
    ///   - address: Where to listen.
    ///   - limits: What one client may ask.
    ///   - logger: Where trouble with a connection is told.
    /// - Throws: `ListenFailure` when the address cannot be had.
    package init(
        serving site: MetricsSite,
        on address: ListenAddress,
        limits: Limits = Limits(),
        logger: Logger
    ) async throws {
        self.site = site
        self.limits = limits
        self.logger = logger
        listener = try await Self.bind(address, limits)
        port = listener.channel.localAddress?.port ?? address.port
    }

    /// Serves until a graceful shutdown or a cancellation.
    ///
    /// - Throws: What the listening socket failed with.
    package func run() async throws {
        let channel = listener.channel
        try await withGracefulShutdownHandler {
            try await listener.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        group.addTask { await serve(connection) }
                    }
                }
            }
        } onGracefulShutdown: {
            channel.close(promise: nil)
        }
    }

    private static func bind(
        _ address: ListenAddress,
        _ limits: Limits
    ) async throws -> NIOAsyncChannel<Connection, Never> {
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderListSize = limits.headerBytes
        let decoderLimits = decoder
        let idle = TimeAmount(limits.idle)
        var failure: any Error = ChannelError.unknownLocalAddress
        for host in address.hostsToTry {
            do {
                return try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .bind(host: host, port: address.port) { channel in
                        channel.eventLoop.makeCompletedFuture {
                            let pipeline = channel.pipeline.syncOperations
                            try pipeline.configureHTTPServerPipeline(
                                withEncoderConfiguration: HTTPResponseEncoder.Configuration(),
                                withDecoderLimitConfiguration: decoderLimits
                            )
                            try pipeline.addHandler(IdleStateHandler(allTimeout: idle))
                            try pipeline.addHandler(IdleCloser())
                            return try Connection(wrappingChannelSynchronously: channel)
                        }
                    }
            } catch {
                failure = error
            }
        }
        throw ListenFailure("HTTP", on: address.description, reason: failure)
    }

    private func serve(_ connection: Connection) async {
        guard open.enter(limit: limits.connections) else {
            logger.warning("too many connections, closing one", metadata: ["limit": "\(limits.connections)"])
            // Closes it; an async channel may not be dropped unused.
            try? await connection.executeThenClose { _, _ in }
            return
        }
        defer { open.leave() }
        let channel = connection.channel
        do {
            try await withGracefulShutdownHandler {
                try await connection.executeThenClose { parts, writer in
                    try await exchange(parts, writer)
                }
            } onGracefulShutdown: {
                // The HTTP pipeline closes now if nothing is being answered, else after that answer.
                channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            }
        } catch {
            // A scraper that hangs up in the middle is its own affair.
            logger.debug("connection ended", metadata: ["reason": "\(error)"])
        }
    }

    private func exchange(
        _ parts: NIOAsyncChannelInboundStream<HTTPServerRequestPart>,
        _ writer: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) async throws {
        var head: HTTPRequestHead?
        var bodyBytes = 0
        for try await part in parts {
            switch part {
            case .head(let received):
                head = received
                bodyBytes = 0
            case .body(let bytes):
                bodyBytes += bytes.readableBytes
                if bodyBytes > limits.bodyBytes, let head {
                    try await write(SiteAnswer(413, "Request Entity Too Large\n"), to: head, closing: true, writer)
                    return
                }
            case .end:
                guard let asked = head else { return }
                head = nil
                let keeps = asked.isKeepAlive
                try await write(await site.answer(SiteRequest(asked)), to: asked, closing: !keeps, writer)
                if !keeps { return }
            }
        }
    }

    private func write(
        _ answer: SiteAnswer,
        to head: HTTPRequestHead,
        closing: Bool,
        _ writer: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) async throws {
        var headers = HTTPHeaders([
            ("Content-Type", answer.contentType),
            ("Content-Length", String(answer.body.utf8.count)),
            ("X-Content-Type-Options", "nosniff"),
        ])
        if let allow = answer.allow { headers.add(name: "Allow", value: allow) }
        if closing {
            headers.add(name: "Connection", value: "close")
        } else if head.version == .http1_0 {
            headers.add(name: "Connection", value: "keep-alive")
        }
        let status = HTTPResponseStatus(statusCode: answer.status)
        try await writer.write(.head(HTTPResponseHead(version: head.version, status: status, headers: headers)))
        if head.method != .HEAD, !answer.body.isEmpty {
            try await writer.write(.body(.byteBuffer(ByteBuffer(string: answer.body))))
        }
        try await writer.write(.end(nil))
    }
}

extension SiteRequest {
    fileprivate init(_ head: HTTPRequestHead) {
        let path = head.uri.prefix { $0 != "?" }
        self.init(method: head.method.rawValue, path: String(path), accept: head.headers["accept"].first)
    }
}
