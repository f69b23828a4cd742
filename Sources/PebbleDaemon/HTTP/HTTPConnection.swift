// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// One connection: hands requests to the API, one at a time.
final class HTTPConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let api: API
    private let peer: Peer
    private let pace: RequestPaceHandler
    private let plain: PlainRequestHandler
    /// A request that has no body and may need no task: see ``API/answerAtOnce(_:peer:channel:)``.
    private var lookup: HTTPRequestHead?
    private var body: RequestBody?
    private var task: Task<Void, Never>?
    private var isReadHeld = false
    private var isAnswering = false
    /// The client has said that nothing more will come.
    private var isInputEnded = false
    /// Nothing more is to be written: the client is gone, or has been told that its request makes no sense.
    private var isOver = false

    init(api: API, peer: Peer, pace: RequestPaceHandler, plain: PlainRequestHandler) {
        self.api = api
        self.peer = peer
        self.pace = pace
        self.plain = plain
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            pace.headersCame()
            if head.method == .GET, !head.hasBody {
                lookup = head
            } else {
                begin(head, context)
            }
        case .body(let buffer):
            body?.append(buffer)
        case .end:
            pace.requestCame()
            if let head = lookup.take() {
                isAnswering = true
                if api.answerAtOnce(head, peer: peer, channel: context.channel) { return }
                begin(head, context)
            }
            body?.end()
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let channel = context.channel
        let body = RequestBody { channel.pipeline.fireUserInboundEventTriggered(ReadAgain()) }
        self.body = body
        isAnswering = true
        task = api.begin(head, body: body, peer: peer, channel: channel)
    }

    /// Reading stops while much of a body waits to be taken, and while the client does not take its answers.
    func read(context: ChannelHandlerContext) {
        if hasRoom(context) {
            context.read()
        } else {
            isReadHeld = true
            pace.pause()
        }
    }

    private func hasRoom(_ context: ChannelHandlerContext) -> Bool {
        context.channel.isWritable && body?.hasRoom ?? true
    }

    private func readAgain(_ context: ChannelHandlerContext) {
        guard isReadHeld, hasRoom(context) else { return }
        isReadHeld = false
        pace.pause()
        context.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        readAgain(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            isInputEnded = true
            if !isAnswering { plain.closeWhenWritten() }
        }
        if event is ReadAgain {
            readAgain(context)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// An answer that is finished too late goes nowhere: written now it would break the order of the protocol.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if isOver {
            promise?.fail(ChannelError.ioOnClosedChannel)
        } else {
            guard case .end = unwrapOutboundIn(data) else {
                context.write(data, promise: promise)
                return
            }
            isAnswering = false
            pace.answered()
            guard isInputEnded else {
                context.write(data, promise: promise)
                return
            }
            // After that, there is nobody to wait for.
            let channel = context.channel
            let written = promise ?? context.eventLoop.makePromise()
            written.futureResult.whenComplete { _ in channel.close(promise: nil) }
            context.write(data, promise: written)
        }
    }

    private func end() {
        isOver = true
        body?.end(isBroken: true)
        task?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Not an error of the connection: the request goes on as any other, and its reply says why.
        if error is NIOWebSocketUpgradeError { return }
        // Malformed requests have been answered further down; whatever it is, it costs the connection and no more.
        end()
        context.close(promise: nil)
    }
}

extension HTTPRequestHead {
    fileprivate var hasBody: Bool {
        headers.contains(name: "content-length") || headers.contains(name: "transfer-encoding")
    }
}

/// There is room for more of a body.
private struct ReadAgain: Sendable {}
