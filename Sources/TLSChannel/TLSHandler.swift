// SPDX-License-Identifier: Apache-2.0
internal import CTLS
package import NIOCore
package import TLSSupport

/// Encrypts what goes out and decrypts what comes in, at one end of a connection.
///
/// A server adds what handles requests in `ready`, when it is known who the other end is; a client writes at once, and
/// what it writes waits for the ends to know each other.
package final class TLSHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private enum State {
        case idle
        case introducing
        case open
        case closed
    }

    private static let patience = TimeAmount.seconds(10)
    /// As much as one record holds, and more for its frame.
    private static let pieceSize = 17 << 10

    private let connection: OpaquePointer
    // The connection needs it as long as it lives.
    private let context: TLSContext
    private let ready: ((any Channel, [UInt8]) throws -> Void)?
    private var state = State.idle
    private var waiting: [(buffer: ByteBuffer, promise: EventLoopPromise<Void>?)] = []
    private var timer: Scheduled<Void>?

    /// Makes the end of a client (`host` is what the other's certificate has to name) or, without `host`, of a server.
    ///
    /// `ready` gets the other end's certificate as DER, empty if it is none for clients or out of date. Without
    /// `checksName` a client takes a certificate for any name.
    package init(
        context: TLSContext,
        host: String?,
        checksName: Bool = true,
        ready: ((any Channel, [UInt8]) throws -> Void)? = nil
    ) throws(TLSError) {
        guard let connection = ctls_connection_new(context.pointer, host) else {
            throw TLSError.last("cannot begin a TLS connection")
        }
        if host != nil, !checksName { ctls_take_any_name(connection) }
        self.connection = connection
        self.context = context
        self.ready = ready
    }

    deinit { ctls_connection_free(connection) }

    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    package func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard state == .idle else { return }
        state = .introducing
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
        introduce(context)
    }

    // MARK: - In

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state != .closed else { return }
        let fed = unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
            ctls_feed(connection, bytes.baseAddress, bytes.count)
        }
        guard fed == 0 else { return fail(context, "cannot read") }
        if state == .introducing { introduce(context) }
        if state == .open { decrypt(context) }
    }

    private func introduce(_ context: ChannelHandlerContext) {
        let outcome = ctls_handshake(connection)
        let error = outcome == CTLS_FAILED.rawValue ? handshakeError() : nil
        // What the other end is told when it failed, too.
        sendEncrypted(context, promise: nil)
        context.flush()
        if let error { return fail(context, error) }
        guard outcome > 0 else { return }
        state = .open
        timer?.cancel()
        do {
            try ready?(context.channel, peerCertificate())
        } catch {
            return fail(context, error)
        }
        let held = waiting
        waiting = []
        for (buffer, promise) in held { encrypt(buffer, context, promise) }
        context.flush()
    }

    private func handshakeError() -> TLSError {
        let error = TLSError.last("TLS handshake failed")
        // A server takes any certificate, so there is nothing to say about it.
        guard ready == nil else { return error }
        var text = [CChar](repeating: 0, count: 256)
        ctls_certificate_problem(connection, &text, text.count)
        let problem = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return problem.isEmpty ? error : TLSError(description: "\(error) (\(problem))")
    }

    private func peerCertificate() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = ctls_client_certificate(connection, &bytes, bytes.count)
        return Array(bytes.prefix(count))
    }

    private func decrypt(_ context: ChannelHandlerContext) {
        while state == .open {
            var buffer = context.channel.allocator.buffer(capacity: Self.pieceSize)
            var outcome = 0
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.pieceSize) { bytes in
                outcome = ctls_read(connection, bytes.baseAddress, bytes.count)
                return max(0, outcome)
            }
            if outcome > 0 {
                context.fireChannelRead(wrapInboundOut(buffer))
                continue
            }
            switch outcome {
            case Int(CTLS_CLOSED.rawValue): context.close(promise: nil)
            case Int(CTLS_FAILED.rawValue): fail(context, "cannot read")
            default: break
            }
            return
        }
    }

    // MARK: - Out

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let buffer = unwrapOutboundIn(data)
        switch state {
        case .idle, .introducing: waiting.append((buffer, promise))
        case .open: encrypt(buffer, context, promise)
        case .closed: promise?.fail(ChannelError.ioOnClosedChannel)
        }
    }

    private func encrypt(_ buffer: ByteBuffer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        // Nothing makes no record; who writes it wants to know when all before it is written.
        guard buffer.readableBytes > 0 else { return context.write(wrapOutboundOut(buffer), promise: promise) }
        let written = buffer.withUnsafeReadableBytes { ctls_write(connection, $0.baseAddress, $0.count) }
        guard written >= 0 else {
            let error = TLSError.last("cannot write")
            promise?.fail(error)
            return fail(context, error)
        }
        sendEncrypted(context, promise: promise)
    }

    private func sendEncrypted(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        var buffer = context.channel.allocator.buffer(capacity: Self.pieceSize)
        while true {
            let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.pieceSize) { bytes in
                ctls_drain(connection, bytes.baseAddress, bytes.count)
            }
            if count == 0 { break }
        }
        if buffer.readableBytes > 0 {
            context.write(wrapOutboundOut(buffer), promise: promise)
        } else {
            promise?.succeed(())
        }
    }

    // MARK: - The end

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if state == .open {
            ctls_shutdown(connection)
            sendEncrypted(context, promise: nil)
            context.flush()
        }
        end(ChannelError.ioOnClosedChannel)
        context.close(mode: mode, promise: promise)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        if state == .introducing {
            let error = TLSError(description: "the connection was closed during the TLS handshake")
            end(error)
            context.fireErrorCaught(error)
        }
        end(ChannelError.ioOnClosedChannel)
        context.fireChannelInactive()
    }

    private func fail(_ context: ChannelHandlerContext, _ operation: String) {
        fail(context, TLSError.last(operation))
    }

    private func fail(_ context: ChannelHandlerContext, _ error: any Error) {
        guard state != .closed else { return }
        end(error)
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }

    private func end(_ error: any Error) {
        state = .closed
        timer?.cancel()
        let held = waiting
        waiting = []
        for (_, promise) in held { promise?.fail(error) }
    }
}
