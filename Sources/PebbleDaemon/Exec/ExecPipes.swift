// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix

/// One end of a pipe or terminal of a command, on the supervisor's loop.
final class ExecPipeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// What is done about what happens; all on the loop.
    struct Actions: Sendable {
        var read: @Sendable (ByteBuffer) -> Void = { _ in }
        var writable: @Sendable () -> Void = {}
        var ended: @Sendable () -> Void = {}
    }

    private let actions: Actions

    init(actions: Actions) {
        self.actions = actions
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        actions.read(unwrapInboundIn(data))
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { actions.writable() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        actions.ended()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A terminal whose last program is gone ends with an error, and a pipe nobody reads breaks: both are ends.
        context.close(promise: nil)
    }

    static func bootstrap(on loop: any EventLoop, _ actions: Actions) -> NIOPipeBootstrap {
        NIOPipeBootstrap(group: loop)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 128 << 10))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ExecPipeHandler(actions: actions))
                }
            }
    }
}
