// SPDX-License-Identifier: Apache-2.0
import MetricsServer
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Receives lines over TCP until it is asked to stop.
struct LineListener: Service {
    /// How long a line may be; a connection that sends a longer one is closed.
    static let longestLine = 64 * 1024
    /// How long a connection may be silent.
    static let idle = TimeAmount.minutes(10)

    private let channel: any Channel

    /// The port that is listened on.
    var port: Int? { channel.localAddress?.port }

    /// Binds the socket.
    ///
    /// - Parameters:
    ///   - address: Where to listen.
    ///   - receiver: Who gets the lines.
    /// - Throws: `ListenFailure` when the address cannot be had.
    init(tcp address: ListenAddress, receiver: StatsDReceiver) async throws {
        let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(readTimeout: Self.idle))
                    try pipeline.addHandler(LineHandler(receiver: receiver))
                }
            }
        var failure: any Error = ChannelError.unknownLocalAddress
        for host in address.hostsToTry {
            do {
                channel = try await bootstrap.bind(host: host, port: address.port).get()
                return
            } catch {
                failure = error
            }
        }
        throw ListenFailure("StatsD over TCP", on: address.description, reason: failure)
    }

    func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await channel.closeFuture.get()
        } onCancelOrGracefulShutdown: {
            channel.close(promise: nil)
        }
    }
}

/// Cuts a connection's bytes into lines.
private final class LineHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let receiver: StatsDReceiver
    private var pending: [UInt8] = []
    private var failed = false

    init(receiver: StatsDReceiver) {
        self.receiver = receiver
    }

    func channelActive(context: ChannelHandlerContext) {
        receiver.count(.tcpConnection)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if failed { return }
        pending += unwrapInboundIn(data).readableBytesView
        guard let end = pending.lastIndex(of: UInt8(ascii: "\n")) else { return closeIfTooLong(context) }
        let lines = pending[..<end].split(separator: UInt8(ascii: "\n"))
        if lines.contains(where: { $0.count > LineListener.longestLine }) {
            // What came before the long line still counts.
            let kept = lines.prefix { $0.count <= LineListener.longestLine }
            if !kept.isEmpty { receiver.receive(Array(kept.joined(separator: [UInt8(ascii: "\n")])), from: .tcp) }
            return refuse(context)
        }
        receiver.receive(lines.flatMap { trimmed($0) + [UInt8(ascii: "\n")] }, from: .tcp)
        pending.removeSubrange(...end)
        closeIfTooLong(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        // A last line needs no end.
        if !failed, !pending.isEmpty { receiver.receive(trimmed(pending[...]), from: .tcp) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        receiver.count(.tcpError)
        context.close(promise: nil)
    }

    private func trimmed(_ line: ArraySlice<UInt8>) -> [UInt8] {
        Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }

    private func closeIfTooLong(_ context: ChannelHandlerContext) {
        if pending.count > LineListener.longestLine { refuse(context) }
    }

    private func refuse(_ context: ChannelHandlerContext) {
        failed = true
        pending = []
        receiver.count(.tcpTooLongLine)
        context.close(promise: nil)
    }
}
