// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Answers the plain requests of a connection before anything takes them apart: see ``PlainRequest``.
///
/// From the first bytes on that are no such request, all goes to the handlers behind.
final class PlainRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let api: API
    private let peer: Peer
    private let pace: RequestPaceHandler
    private var context: ChannelHandlerContext?
    private var isPlain = true

    init(api: API, peer: Peer, pace: RequestPaceHandler) {
        self.api = api
        self.peer = peer
        self.pace = pace
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isPlain {
            let target = unwrapInboundIn(data).withUnsafeReadableBytes { PlainRequest.target($0) }
            if let target, let reply = api.answer(plain: target, peer: peer, channel: context.channel) {
                pace.answered()
                context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
                return
            }
            isPlain = false
        }
        context.fireChannelRead(data)
    }

    /// Closes the connection when all that was written to it is on its way.
    func closeWhenWritten() {
        guard let context else { return }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
    }
}
