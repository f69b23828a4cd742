// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOPosix
import PebbleAPI
import PebblePlan

/// Asks a web server and is content with any 2xx answer.
struct HTTPProbe: Sendable {
    var loop: any EventLoop
    var timeout: Duration

    private static let redirectLimit = 10

    func run(_ check: HTTPCheck) async throws {
        let text = check.url ?? ""
        var url = try ProbeURL(text)
        let deadline = NIODeadline.now() + TimeAmount(timeout)
        for _ in 0...Self.redirectLimit {
            let answer: HTTPAnswer
            do {
                answer = try await ask(url, headers: check.headers, deadline: deadline)
            } catch let failure as ProbeFailure where !failure.description.hasPrefix("check timed out") {
                throw ProbeFailure(description: "Get \"\(url.text)\": \(failure)")
            }
            if (300..<400).contains(answer.status), let location = answer.location {
                url = try url.redirected(to: location)
                continue
            }
            guard (200..<300).contains(answer.status) else {
                let detail = OutputExcerpt.first(5, of: String(decoding: answer.body, as: UTF8.self))
                throw ProbeFailure.of("non-2xx status code \(answer.status)", detail: detail)
            }
            return
        }
        throw ProbeFailure(description: "Get \"\(text)\": stopped after \(Self.redirectLimit) redirects")
    }

    private func ask(_ url: ProbeURL, headers: [String: String], deadline: NIODeadline) async throws -> HTTPAnswer {
        let promise = loop.makePromise(of: HTTPAnswer.self)
        let left = deadline - .now()
        let timeout = timeout
        let timer = loop.scheduleTask(in: max(left, .milliseconds(1))) {
            promise.fail(ProbeFailure.timedOut(timeout))
        }
        defer { timer.cancel() }
        let channel: any Channel
        do {
            channel = try await TCPProbe(loop: loop, timeout: timeout).connect(host: url.host, port: url.port) {
                channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(HTTPAnswerHandler(promise: promise))
                }
            }
        } catch {
            promise.fail(error)
            return try await promise.futureResult.get()
        }
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: url.target)
        head.headers.add(name: "Host", value: url.authority)
        head.headers.add(name: "User-Agent", value: "Go-http-client/1.1")
        head.headers.add(name: "Connection", value: "close")
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            head.headers.replaceOrAdd(name: name, value: value)
        }
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        defer { channel.close(promise: nil) }
        return try await promise.futureResult.get()
    }
}

/// What a web server answered, as far as a check looks at it.
struct HTTPAnswer: Sendable {
    var status: Int
    var location: String?
    var body: [UInt8] = []
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
            answer = HTTPAnswer(status: Int(head.status.code), location: head.headers.first(name: "location"))
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

/// As much of a URL as a check needs.
struct ProbeURL: Equatable, Sendable {
    var host: String
    var port: Int
    /// Path and query.
    var target: String

    /// Reads `http://host[:port][/path]`.
    init(_ text: String) throws(ProbeFailure) {
        guard text.hasPrefix("http://") else {
            let scheme = text.prefix { $0 != ":" }
            throw ProbeFailure(description: "Get \"\(text)\": unsupported protocol scheme \"\(scheme)\"")
        }
        let rest = text.dropFirst("http://".count).prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest.dropFirst(authority.count)
        self.target = target.hasPrefix("/") ? String(target) : "/\(target)"
        let address = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? authority
        if address.hasPrefix("["), let end = address.firstIndex(of: "]") {
            host = String(address[address.index(after: address.startIndex)..<end])
            port = Int(address[end...].dropFirst(2)) ?? 80
        } else {
            let parts = address.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = String(parts.first ?? "")
            port = parts.count > 1 ? Int(parts[1]) ?? 0 : 80
        }
        guard !host.isEmpty, (1...65535).contains(port) else {
            throw ProbeFailure(description: "Get \"\(text)\": invalid host or port")
        }
    }

    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == 80 ? name : "\(name):\(port)"
    }

    var text: String { "http://\(authority)\(target)" }

    func redirected(to location: String) throws(ProbeFailure) -> ProbeURL {
        if location.hasPrefix("/") {
            var next = self
            next.target = location
            return next
        }
        return try ProbeURL(location)
    }
}
