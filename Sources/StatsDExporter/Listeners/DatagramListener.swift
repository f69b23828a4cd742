// SPDX-License-Identifier: Apache-2.0
import MetricsServer
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Receives packets over UDP until it is asked to stop.
struct DatagramListener: Service {
    private let channel: any Channel

    /// The port that is listened on.
    var port: Int? { channel.localAddress?.port }

    /// Binds a UDP socket.
    ///
    /// - Parameters:
    ///   - address: Where to listen.
    ///   - readBuffer: The size of the kernel's buffer in bytes; 0 for its usual one.
    ///   - receiver: Who gets the packets.
    ///   - origin: What the packets are: StatsD as such, or inside syslog's.
    /// - Throws: `ListenFailure` when the address cannot be had.
    init(
        udp address: ListenAddress,
        readBuffer: Int,
        receiver: StatsDReceiver,
        origin: StatsDEngine.Origin = .udp
    ) async throws {
        let bootstrap = Self.bootstrap(receiver, readBuffer, origin)
        var failure: any Error = ChannelError.unknownLocalAddress
        for host in address.hostsToTry {
            do {
                channel = try await bootstrap.bind(host: host, port: address.port).get()
                return
            } catch {
                failure = error
            }
        }
        throw ListenFailure("StatsD over UDP", on: address.description, reason: failure)
    }

    func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await channel.closeFuture.get()
        } onCancelOrGracefulShutdown: {
            channel.close(promise: nil)
        }
    }

    private static func bootstrap(
        _ receiver: StatsDReceiver,
        _ readBuffer: Int,
        _ origin: StatsDEngine.Origin
    ) -> DatagramBootstrap {
        let bootstrap = DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            // No address reuse: over UDP it would let a second exporter take the packets of the first without a word.
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65_536))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(PacketHandler(receiver: receiver, origin: origin))
                }
            }
        guard readBuffer > 0 else { return bootstrap }
        return bootstrap.channelOption(.socketOption(.so_rcvbuf), value: SocketOptionValue(readBuffer))
    }
}

/// Hands each packet to the receiver on the event loop: there is no queue that could overflow but the kernel's.
private final class PacketHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let receiver: StatsDReceiver
    private let origin: StatsDEngine.Origin

    init(receiver: StatsDReceiver, origin: StatsDEngine.Origin) {
        self.receiver = receiver
        self.origin = origin
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        receiver.receive(Array(buffer: unwrapInboundIn(data).data), from: origin)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An error on a datagram socket concerns one packet, such as a reply that could not be delivered.
    }
}
