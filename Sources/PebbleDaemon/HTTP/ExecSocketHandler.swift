// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import NIOCore
import NIOWebSocket
import PebbleAPI

/// One WebSocket of a command: frames to the session, on the supervisor's loop.
final class ExecSocketHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let supervisor: Supervisor
    private let taskID: String
    private let socket: ExecSocket
    private var isClosedCleanly = false
    /// A message that comes in pieces, and what came of it so far if it is text.
    private var unfinished: (opcode: WebSocketOpcode, text: ByteBuffer)?

    /// No message that means something is longer.
    private static let textLimit = 64 << 10

    init(supervisor: Supervisor, taskID: String, socket: ExecSocket) {
        self.supervisor = supervisor
        self.taskID = taskID
        self.socket = socket
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let (channel, taskID, socket) = (context.channel, taskID, socket)
        let isThere = supervisor.assumeIsolated { supervisor in
            guard let session = supervisor.execSessions[taskID] else { return false }
            session.connect(socket, channel)
            return true
        }
        // Given up while the client was let in, which would wait for ever for an end that nobody else sends. A moment
        // later, once the pipeline is complete.
        if !isThere { context.eventLoop.execute { ExecSession.end(socket, channel) } }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        guard isInOrder(frame) else {
            fail(context)
            return
        }
        switch frame.opcode {
        case .text, .binary, .continuation:
            message(frame)
        case .ping:
            let pong = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .connectionClose:
            isClosedCleanly = true
            let close = WebSocketFrame(fin: true, opcode: .connectionClose, data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(close), promise: nil)
            context.close(promise: nil)
        default:
            break
        }
    }

    /// Whether a client may send this now: masked, without what nobody agreed on, pieces in their order.
    private func isInOrder(_ frame: WebSocketFrame) -> Bool {
        guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else { return false }
        switch frame.opcode {
        case .text, .binary: return unfinished == nil
        case .continuation: return unfinished != nil
        case .ping, .pong, .connectionClose: return frame.fin && frame.length <= 125
        default: return false
        }
    }

    /// Tells the client that it broke the protocol, and hangs up.
    private func fail(_ context: ChannelHandlerContext) {
        var code = ByteBuffer()
        code.write(webSocketErrorCode: .protocolError)
        let close = WebSocketFrame(fin: true, opcode: .connectionClose, data: code)
        context.writeAndFlush(wrapOutboundOut(close), promise: nil)
        context.close(promise: nil)
    }

    /// Data is passed on as it comes; text is read once it is whole.
    private func message(_ frame: WebSocketFrame) {
        let data = frame.unmaskedData
        let opcode = unfinished?.opcode ?? frame.opcode
        var text = unfinished?.text ?? ByteBuffer()
        if opcode == .binary {
            if socket == .stdio { tell { $0.received(data) } }
        } else if text.readableBytes <= Self.textLimit {
            text.writeImmutableBuffer(data)
        }
        guard frame.fin else {
            unfinished = (opcode, text)
            return
        }
        unfinished = nil
        if opcode == .text, text.readableBytes <= Self.textLimit { self.text(text) }
    }

    private func text(_ data: ByteBuffer) {
        // What cannot be read is ignored, as what is not known is.
        let bytes = Data(data.readableBytesView)
        guard let message = try? WireJSON.decode(ExecMessage.self, from: bytes) else { return }
        if socket == .control {
            tell { $0.control(message) }
        } else if socket == .stdio, message.command == "end" {
            tell { $0.endInput() }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { tell { [socket] in $0.resumeOutput(socket) } }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // One that will say nothing more without having said goodbye is gone.
        if event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        tell { [socket, isClosedCleanly] in $0.closed(socket, cleanly: isClosedCleanly) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func tell(_ body: @Sendable (ExecSession) -> Void) {
        let taskID = taskID
        supervisor.assumeIsolated { supervisor in
            guard let session = supervisor.execSessions[taskID] else { return }
            body(session)
        }
    }
}
