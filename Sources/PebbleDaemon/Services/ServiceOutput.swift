// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix

/// Reads the pipe of a service into its log.
final class ServiceOutputHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// A service or command fills what a pipe holds by default faster than it takes to wake who reads it.
    static let pipeSize: Int32 = 256 << 10

    private let log: ServiceLog
    private let ended: @Sendable () -> Void

    init(log: ServiceLog, ended: @escaping @Sendable () -> Void) {
        self.log = log
        self.ended = ended
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        unwrapInboundIn(data).withUnsafeReadableBytes { log.append($0) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        log.finishPartial()
        ended()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// Reads a descriptor, which it takes over, until it ends; then calls `ended`, once, on any thread.
    static func read(
        _ descriptor: Int32,
        into log: ServiceLog,
        on group: any EventLoopGroup,
        ended: @escaping @Sendable () -> Void
    ) {
        NIOPipeBootstrap(group: group)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 1 << 16))
            .channelOption(.maxMessagesPerRead, value: 4)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ServiceOutputHandler(log: log, ended: ended))
                }
            }
            .takingOwnershipOfDescriptor(input: descriptor)
            .whenFailure { _ in
                // It could not even be opened: there will be no output, and so no end of it either.
                ended()
            }
    }
}
