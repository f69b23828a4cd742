// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix

/// Why the broker could not be asked; never shows a password.
struct BrokerFailure: Error, CustomStringConvertible, Sendable {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// A failure to do something with a broker, for a reason.
    init(_ doing: String, _ url: BrokerURL, _ reason: any Error) {
        if let failure = reason as? BrokerFailure {
            self = failure
        } else if let refused = reason as? NIOConnectionError {
            // The list of every address that was tried says the same thing many times.
            let first = refused.connectionErrors.first.map { "\($0.error)" }
            self.init("cannot \(doing) broker \(url): \(first ?? "its host name is not known")")
        } else {
            self.init("cannot \(doing) broker \(url): \(reason)")
        }
    }
}

/// A connection to the broker, logged in and on its database, for as long as a body runs.
struct RedisSession: ~Copyable {
    typealias Replies = NIOAsyncChannelInboundStream<RESPValue>.AsyncIterator

    private var replies: Replies
    private let writer: NIOAsyncChannelOutboundWriter<ByteBuffer>

    /// Connects, logs in, chooses the database, and closes when the body is done.
    ///
    /// - Parameters:
    ///   - url: Where the broker is and who asks.
    ///   - tls: What makes connections over TLS.
    ///   - silence: How long the broker may say nothing before the connection counts as broken.
    ///   - body: What to do with the connection.
    /// - Returns: What the body returns.
    /// - Throws: `BrokerFailure`, or what the body throws.
    static func open<Outcome: Sendable>(
        _ url: BrokerURL,
        _ tls: BrokerTLS,
        silence: Duration,
        _ body: @Sendable (inout RedisSession) async throws -> Outcome
    ) async throws -> Outcome {
        let channel: NIOAsyncChannel<RESPValue, ByteBuffer>
        do {
            channel = try await connect(url, tls, silence)
        } catch {
            throw BrokerFailure("connect to", url, error)
        }
        do {
            return try await channel.executeThenClose { inbound, outbound in
                var session = RedisSession(replies: inbound.makeAsyncIterator(), writer: outbound)
                try await session.logIn(url)
                return try await body(&session)
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            throw BrokerFailure("talk to", url, error)
        }
    }

    private init(replies: Replies, writer: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
        self.replies = replies
        self.writer = writer
    }

    /// Sends a command and waits for its reply.
    ///
    /// - Parameter words: The command and its arguments.
    /// - Returns: The reply.
    /// - Throws: `BrokerFailure` with the broker's words when it refuses.
    mutating func send(_ words: String...) async throws -> RESPValue {
        try await writer.write(Self.encoded(words))
        let reply = try await next()
        if case .error(let words) = reply { throw BrokerFailure("the broker refused a command: \(words)") }
        return reply
    }

    /// Waits for whatever the broker sends next.
    ///
    /// - Returns: The reply.
    /// - Throws: `BrokerFailure` when the broker hangs up.
    mutating func next() async throws -> RESPValue {
        guard let reply = try await replies.next(isolation: nil) else {
            throw BrokerFailure("the broker closed the connection")
        }
        return reply
    }

    /// What sends further commands whose replies come through `next`.
    var sender: @Sendable (_ words: String...) async throws -> Void {
        let writer = writer
        return { (words: String...) in try await writer.write(Self.encoded(words)) }
    }

    private mutating func logIn(_ url: BrokerURL) async throws {
        if let password = url.password {
            do {
                if let user = url.user {
                    _ = try await send("AUTH", user, password)
                } else {
                    _ = try await send("AUTH", password)
                }
            } catch let failure as BrokerFailure {
                throw BrokerFailure("cannot log in to broker \(url): \(failure)")
            }
        }
        if url.database != 0 { _ = try await send("SELECT", String(url.database)) }
    }

    private static func connect(
        _ url: BrokerURL,
        _ tls: BrokerTLS,
        _ silence: Duration
    ) async throws -> NIOAsyncChannel<RESPValue, ByteBuffer> {
        let idle = TimeAmount(silence)
        return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(.seconds(5))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .connect(host: url.host, port: url.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let security = url.security {
                        try pipeline.addHandler(try tls.handler(host: url.host, security))
                    }
                    try pipeline.addHandler(IdleStateHandler(readTimeout: idle))
                    try pipeline.addHandler(SilenceGuard())
                    try pipeline.addHandler(ByteToMessageHandler(RESPDecoder()))
                    return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                }
            }
    }

    private static func encoded(_ words: [String]) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeString("*\(words.count)\r\n")
        for word in words { buffer.writeString("$\(word.utf8.count)\r\n\(word)\r\n") }
        return buffer
    }
}

/// Breaks a connection over which nothing came for too long: the other side may be gone without a word.
private final class SilenceGuard: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.fireErrorCaught(BrokerFailure("the broker has been silent for too long"))
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}
