// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server that takes what Loki and an OpenTelemetry collector take, and can be told to misbehave.
final class LogSink: Sendable {
    enum Mood: Equatable, Sendable {
        case taking
        /// Answers with a status, and takes nothing.
        case answering(Int)
        /// Sends every request to another path once.
        case movedFrom(String)
        /// Answers never.
        case silent
        /// Takes a request, and hangs up without a word.
        case hangingUp
    }

    /// One line as it came.
    struct Line: Equatable, Sendable {
        var labels: [String: String]
        var nanoseconds: Int64
        var text: String
    }

    private struct State {
        var mood = Mood.taking
        var lines: [Line] = []
        var requests = 0
        var heads: [HTTPRequestHead] = []
        var problems: [String] = []
    }

    private let state = Mutex(State())
    private let channel: Mutex<(any Channel)?> = Mutex(nil)
    private let knownPort = Mutex(0)

    var port: Int { knownPort.withLock { $0 } }
    var lines: [Line] { state.withLock { $0.lines } }
    /// How often it was asked, in whatever mood.
    var requests: Int { state.withLock { $0.requests } }
    var heads: [HTTPRequestHead] { state.withLock { $0.heads } }
    /// What was wrong with requests.
    var problems: [String] { state.withLock { $0.problems } }
    var texts: [String] { lines.map(\.text) }

    init() async throws {
        let listener = try await listen(port: 0)
        knownPort.withLock { $0 = listener.localAddress?.port ?? 0 }
        channel.withLock { $0 = listener }
    }

    func become(_ mood: Mood) { state.withLock { $0.mood = mood } }

    /// Is not there any more.
    func goAway() async throws {
        let listener = channel.withLock { $0.take() }
        try await listener?.close()
    }

    func comeBack() async throws {
        let listener = try await listen(port: port)
        channel.withLock { $0 = listener }
    }

    private func listen(port: Int) async throws -> any Channel {
        try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(RequestGatherer(sink: self))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
    }

    fileprivate func take(_ head: HTTPRequestHead, _ body: [UInt8]) -> Mood {
        state.withLock { state in
            state.requests += 1
            switch state.mood {
            case .taking: break
            case .movedFrom(let path) where path != head.uri: break
            default: return state.mood
            }
            state.heads.append(head)
            do {
                state.lines += try Self.read(body, of: head.uri)
            } catch {
                state.problems.append("\(error): \(String(decoding: body, as: UTF8.self))")
            }
            return .taking
        }
    }

    // MARK: - What is sent

    private struct LokiPush: Decodable {
        struct Stream: Decodable {
            var stream: [String: String]
            var values: [[String]]
        }
        var streams: [Stream]
    }

    private struct OpenTelemetryExport: Decodable {
        struct Value: Decodable { var stringValue: String }
        struct Attribute: Decodable {
            var key: String
            var value: Value
        }
        struct Resource: Decodable { var attributes: [Attribute] }
        struct Record: Decodable {
            var timeUnixNano: String
            var body: Value
        }
        struct Scope: Decodable { var logRecords: [Record] }
        struct ResourceLogs: Decodable {
            var resource: Resource
            var scopeLogs: [Scope]
        }
        var resourceLogs: [ResourceLogs]
    }

    private struct Malformed: Error {
        var what: String
    }

    private static func read(_ body: [UInt8], of path: String) throws -> [Line] {
        func time(_ text: String) throws -> Int64 {
            guard let time = Int64(text) else { throw Malformed(what: "time \(text)") }
            return time
        }
        switch path {
        case "/loki/api/v1/push":
            let push = try JSONDecoder().decode(LokiPush.self, from: Data(body))
            return try push.streams.flatMap { stream in
                try stream.values.map { value in
                    guard value.count == 2 else { throw Malformed(what: "value \(value)") }
                    return Line(labels: stream.stream, nanoseconds: try time(value[0]), text: value[1])
                }
            }
        case "/v1/logs":
            let export = try JSONDecoder().decode(OpenTelemetryExport.self, from: Data(body))
            return try export.resourceLogs.flatMap { logs in
                let pairs = logs.resource.attributes.map { ($0.key, $0.value.stringValue) }
                let labels = Dictionary(pairs) { first, _ in first }
                return try logs.scopeLogs.flatMap(\.logRecords).map { record in
                    Line(labels: labels, nanoseconds: try time(record.timeUnixNano), text: record.body.stringValue)
                }
            }
        default:
            throw Malformed(what: "path \(path)")
        }
    }
}

/// Hands whole requests to the sink, and answers in its mood.
private final class RequestGatherer: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let sink: LogSink
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(sink: LogSink) {
        self.sink = sink
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let buffer):
            body += Array(buffer.readableBytesView)
        case .end:
            guard let head else { return }
            switch sink.take(head, body) {
            case .taking: answer(204, context)
            case .answering(let status): answer(status, context)
            case .movedFrom: answer(308, context, location: "/loki/api/v1/push")
            case .silent: break
            case .hangingUp: context.close(promise: nil)
            }
        }
    }

    private func answer(_ status: Int, _ context: ChannelHandlerContext, location: String? = nil) {
        var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status))
        // An answer without content has no length either.
        if status != 204 { head.headers.add(name: "Content-Length", value: "0") }
        if let location { head.headers.add(name: "Location", value: location) }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
