// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOPosix
import PebbleAPI
import PebblePlan

/// What became of a batch.
enum LogDelivery: Equatable, Sendable {
    case taken
    /// It will never be taken, as it is.
    case refused(String)
    /// It may be taken later; `delivered` says how many of its entries, from the first, were.
    case unavailable(String, delivered: Int = 0, retryAfter: Duration? = nil)
}

/// Where batches are sent: one connection or more to one log target.
protocol LogDestination: Sendable {
    func send(_ batch: LogBatch) async -> LogDelivery
    func close() async
}

/// How long things may take.
struct ForwardingTiming: Sendable {
    /// How long a line waits for others to go with it.
    var collecting = Duration.seconds(1)
    var request = Duration.seconds(10)
    var firstRetry = Duration.seconds(1)
    var longestRetry = Duration.seconds(30)
    /// What is left for the last lines when the daemon ends.
    var ending = Duration.seconds(3)
    /// How often a target that does not work is mentioned in the daemon's log.
    var complaint = Duration.seconds(60)
}

/// Loki and OpenTelemetry: a request for each batch.
struct HTTPLogDestination: LogDestination {
    var loop: any EventLoop
    var tls: TLSClient
    var url: WebURL
    var timeout: Duration
    var version: String
    var contentType: String
    var encode: @Sendable (LogBatch) -> ByteBuffer

    private static let mostHops = 10

    func send(_ batch: LogBatch) async -> LogDelivery {
        let exchange = HTTPExchange(loop: loop, tls: tls, timeout: timeout)
        let headers = ["Content-Type": contentType, "User-Agent": "pebble/\(version)"]
        do {
            let deadline = NIODeadline.now() + TimeAmount(timeout)
            let body = encode(batch)
            var answer = try await exchange.send(.POST, url, headers: headers, body: body, deadline: deadline)
            var hops = 0
            while answer.status == 307 || answer.status == 308, let location = answer.location, hops < Self.mostHops {
                hops += 1
                let next = location.hasPrefix("/") ? url.redirected(to: location) : try WebURL(location)
                answer = try await exchange.send(.POST, next, headers: headers, body: body, deadline: deadline)
            }
            return Self.delivery(answer)
        } catch let failure as ProbeFailure where failure.isTimeout {
            return .unavailable("it did not answer within \(GoDuration(timeout))")
        } catch {
            return .unavailable("\(error)")
        }
    }

    /// What an answer says: whatever is not the batch's fault is worth another try.
    static func delivery(_ answer: HTTPAnswer) -> LogDelivery {
        switch answer.status {
        case 200..<300:
            return .taken
        case 408, 429, 500...:
            let seconds = answer.retryAfter.flatMap { Int($0) }.map { Duration.seconds(min(max($0, 0), 300)) }
            return .unavailable("it answered \(answer.status)", retryAfter: seconds)
        default:
            let detail = answer.excerpt
            return .refused("it answered \(answer.status)\(detail.isEmpty ? "" : ": \(detail)")")
        }
    }

    func close() async {}
}

/// Syslog over TCP: one connection that is kept, messages with their length in front.
actor SyslogStream: LogDestination {
    private let address: SyslogAddress
    private let host: String
    private let loop: any EventLoop
    private let timeout: Duration
    private let executor: any SerialExecutor
    private var channel: (any Channel)?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(loop: any EventLoop, address: SyslogAddress, host: String, timeout: Duration) {
        self.loop = loop
        self.address = address
        self.host = host
        self.timeout = timeout
        executor = loop.executor
    }

    func send(_ batch: LogBatch) async -> LogDelivery {
        var buffer = ByteBuffer()
        for entry in batch.entries {
            let message = SyslogFormat.message(entry, labels: batch.labels(of: entry.service), host: host)
            buffer.writeBytes(SyslogFormat.frame(message))
        }
        do {
            let channel = try await connected()
            // A receiver that takes nothing must not hold the batch for ever.
            let timer = loop.scheduleTask(in: TimeAmount(timeout)) { channel.close(promise: nil) }
            defer { timer.cancel() }
            try await channel.writeAndFlush(buffer)
            return .taken
        } catch {
            await close()
            return .unavailable("\(error)")
        }
    }

    private func connected() async throws -> any Channel {
        if let channel, channel.isActive { return channel }
        let new = try await TCPProbe(loop: loop, timeout: timeout).connect(host: address.host, port: address.port)
        channel = new
        return new
    }

    func close() async {
        // Whatever the state it was in, it is over.
        try? await channel?.close()
        channel = nil
    }
}

/// Syslog over UDP: a datagram for each message.
actor SyslogDatagrams: LogDestination {
    private let address: SyslogAddress
    private let host: String
    private let loop: any EventLoop
    private let executor: any SerialExecutor
    private var channel: (any Channel)?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(loop: any EventLoop, address: SyslogAddress, host: String) {
        self.loop = loop
        self.address = address
        self.host = host
        executor = loop.executor
    }

    func send(_ batch: LogBatch) async -> LogDelivery {
        var delivered = 0
        do {
            let channel = try await connected()
            for entry in batch.entries {
                let message = SyslogFormat.message(entry, labels: batch.labels(of: entry.service), host: host)
                try await channel.writeAndFlush(ByteBuffer(bytes: SyslogFormat.datagram(message)))
                delivered += 1
            }
            return .taken
        } catch {
            await close()
            return .unavailable("\(error)", delivered: delivered)
        }
    }

    /// Connected, so that the kernel tells when nobody listens.
    private func connected() async throws -> any Channel {
        if let channel, channel.isActive { return channel }
        let new = try await DatagramBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DatagramPacker())
                }
            }
            .connect(host: address.host, port: address.port)
            .get()
        channel = new
        return new
    }

    func close() async {
        // Whatever the state it was in, it is over.
        try? await channel?.close()
        channel = nil
    }
}

/// Puts bytes into envelopes for the address the channel is connected to.
private final class DatagramPacker: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let address = context.channel.remoteAddress else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        let envelope = AddressedEnvelope(remoteAddress: address, data: unwrapOutboundIn(data))
        context.write(wrapOutboundOut(envelope), promise: promise)
    }
}

/// Where syslog messages go: `tcp://host:port` or `udp://host:port`.
struct SyslogAddress: Equatable, Sendable {
    var isDatagram: Bool
    var host: String
    var port: Int

    init(_ text: String) throws(ProbeFailure) {
        let parts = text.split(separator: "://", maxSplits: 1).map(String.init)
        guard parts.count == 2, parts[0] == "tcp" || parts[0] == "udp" else {
            throw ProbeFailure(description: "syslog location \"\(text)\" must begin with tcp:// or udp://")
        }
        isDatagram = parts[0] == "udp"
        let authority = String(parts[1].prefix { $0 != "/" })
        do throws(DaemonError) {
            (host, port) = try HTTPAddress.parse(authority)
        } catch {
            throw ProbeFailure(description: "syslog location \"\(text)\" must have a host and a port")
        }
        guard !host.isEmpty, port > 0 else {
            throw ProbeFailure(description: "syslog location \"\(text)\" must have a host and a port")
        }
    }
}
