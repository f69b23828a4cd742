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

    init(supervisor: Supervisor, taskID: String, socket: ExecSocket) {
        self.supervisor = supervisor
        self.taskID = taskID
        self.socket = socket
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        tell { [socket] in $0.connect(socket, channel) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .text:
            text(frame.unmaskedData)
        case .binary, .continuation:
            let data = frame.unmaskedData
            if socket == .stdio { tell { $0.received(data) } }
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
