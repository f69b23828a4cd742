// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// How long a client may take over its requests.
struct RequestPace: Sendable {
    /// From the first byte of a request to the end of its headers.
    var headers = TimeAmount.minutes(1)
    /// What the rest of a request has to bring at least in the time of ``body``, unless it is all there before.
    var leastBytes = 64 << 10
    var body = TimeAmount.minutes(10)
    /// Between two requests.
    var silence = TimeAmount.minutes(10)
}

/// Closes a connection whose client does not get on with its request.
///
/// A client that waits for its answer, or is slow to take it, is left alone: it may be following a log, and stopped for
/// a while by whoever runs it.
final class RequestPaceHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private enum Phase {
        case silence
        case headers
        case body
        case answer
    }

    private let pace: RequestPace
    private var phase = Phase.silence
    private var since = NIODeadline.now()
    /// Of the body, since then.
    private var bytes = 0
    private var timer: Scheduled<Void>?

    init(pace: RequestPace) {
        self.pace = pace
    }

    func handlerAdded(context: ChannelHandlerContext) {
        watch(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch phase {
        case .silence: enter(.headers)
        case .body: bytes += unwrapInboundIn(data).readableBytes
        case .headers, .answer: break
        }
        context.fireChannelRead(data)
    }

    /// The headers of a request are there.
    func headersCame() { enter(.body) }

    /// All of a request is there.
    func requestCame() { enter(.answer) }

    /// A request is answered; the client may still be sending the rest of it.
    func answered() { enter(.silence) }

    /// The rest of the request is not read for now, which is not the client's fault.
    func pause() {
        if phase == .body { enter(.body) }
    }

    private func enter(_ phase: Phase) {
        self.phase = phase
        since = .now()
        bytes = 0
    }

    /// Looks at regular times, rather than being moved about with each request.
    private func watch(_ context: ChannelHandlerContext) {
        let context = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.value.eventLoop.assumeIsolated().scheduleTask(in: pace.headers) {
            if self.isTooSlow {
                context.value.close(promise: nil)
            } else {
                self.watch(context.value)
            }
        }
    }

    private var isTooSlow: Bool {
        let elapsed = NIODeadline.now() - since
        switch phase {
        case .silence:
            return elapsed >= pace.silence
        case .headers:
            return elapsed >= pace.headers
        case .body:
            guard elapsed >= pace.body else { return false }
            guard bytes >= pace.leastBytes else { return true }
            enter(.body)
            return false
        case .answer:
            return false
        }
    }
}
