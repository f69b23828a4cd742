// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import PebbleAPI

/// One request to somebody else's web server and its answer, over a connection of its own.
struct HTTPExchange: Sendable {
    var loop: any EventLoop
    var tls: TLSClient
    /// What is told of a wait that was too long.
    var timeout: Duration

    /// Sends a request and waits for the answer until the deadline.
    func send(
        _ method: HTTPMethod,
        _ url: WebURL,
        headers: [String: String],
        body: ByteBuffer? = nil,
        deadline: NIODeadline
    ) async throws -> HTTPAnswer {
        let promise = loop.makePromise(of: HTTPAnswer.self)
        let left = deadline - .now()
        let timeout = timeout
        let timer = loop.scheduleTask(in: max(left, .milliseconds(1))) {
            promise.fail(ProbeFailure.timedOut(timeout))
        }
        let tls = tls
        let connected = TCPProbe(loop: loop, timeout: timeout).open(host: url.host, port: url.port) { channel in
            channel.eventLoop.makeCompletedFuture {
                if url.scheme == .https {
                    try channel.pipeline.syncOperations.addHandler(try tls.handler(host: url.host))
                }
                try channel.pipeline.syncOperations.addHTTPClientHandlers()
                try channel.pipeline.syncOperations.addHandler(HTTPAnswerHandler(promise: promise))
            }
        }
        // However it ends, also when nobody waits for the connection any more.
        promise.futureResult.whenComplete { _ in
            timer.cancel()
            connected.whenSuccess { $0.close(promise: nil) }
        }
        connected.whenFailure { promise.fail($0) }
        let head = head(method, url, headers, body)
        connected.whenSuccess { channel in
            // Refused before it is sent when a header holds what no header may.
            channel.write(HTTPClientRequestPart.head(head)).whenFailure { promise.fail($0) }
            if let body { channel.write(HTTPClientRequestPart.body(.byteBuffer(body)), promise: nil) }
            channel.writeAndFlush(HTTPClientRequestPart.end(nil)).whenFailure { promise.fail($0) }
        }
        return try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            promise.fail(CancellationError())
        }
    }

    private func head(
        _ method: HTTPMethod,
        _ url: WebURL,
        _ headers: [String: String],
        _ body: ByteBuffer?
    ) -> HTTPRequestHead {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: url.target)
        head.headers.add(name: "Host", value: url.authority)
        head.headers.add(name: "Connection", value: "close")
        if let credentials = url.credentials {
            let encoded = Data(credentials.utf8).base64EncodedString()
            head.headers.add(name: "Authorization", value: "Basic \(encoded)")
        }
        if let body { head.headers.add(name: "Content-Length", value: String(body.readableBytes)) }
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            head.headers.replaceOrAdd(name: name, value: value)
        }
        return head
    }
}

/// What a web server answered, as far as anybody looks at it.
struct HTTPAnswer: Sendable {
    var status: Int
    var location: String?
    var retryAfter: String?
    var body: [UInt8] = []

    /// The first lines of the body, if there is a reason in it.
    var excerpt: String { OutputExcerpt.first(5, of: String(decoding: body, as: UTF8.self)) }
}

/// Gathers the answer, of its body no more than is shown.
private final class HTTPAnswerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private static let bodyLimit = 512
    private let promise: EventLoopPromise<HTTPAnswer>
    private var answer: HTTPAnswer?

    init(promise: EventLoopPromise<HTTPAnswer>) {
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            answer = HTTPAnswer(
                status: Int(head.status.code),
                location: head.headers.first(name: "location"),
                retryAfter: head.headers.first(name: "retry-after")
            )
        case .body(var buffer):
            let room = Self.bodyLimit - (answer?.body.count ?? 0)
            answer?.body += buffer.readBytes(length: min(room, buffer.readableBytes)) ?? []
            if answer?.body.count == Self.bodyLimit { finish() }
        case .end:
            finish()
        }
    }

    private func finish() {
        guard let answer else { return }
        promise.succeed(answer)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(ProbeFailure(description: "EOF"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(ProbeFailure(description: "\(error)"))
        context.close(promise: nil)
    }
}
