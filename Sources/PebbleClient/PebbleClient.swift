// SPDX-License-Identifier: Apache-2.0
import Glibc
import PebbleAPI

/// Calls the API of one Pebble over its Unix socket.
///
/// Every call blocks the calling thread until it is answered, and opens a connection of its own, so a client can be
/// shared between threads.
public struct PebbleClient: Sendable {
    /// Where the socket is.
    public let socketPath: String
    /// How long a call may take that is not made to wait.
    public let timeout: Duration

    /// Makes a client; nothing is connected until the first call.
    ///
    /// - Parameters:
    ///   - socketPath: where the socket is.
    ///   - timeout: how long a call may take that is not made to wait.
    public init(socketPath: String, timeout: Duration = .seconds(30)) {
        self.socketPath = socketPath
        self.timeout = timeout
    }
}

/// A reply, read whole.
struct HTTPReply {
    var head: HTTPHead
    var body: [UInt8]
}

extension PebbleClient {
    /// Connects, sends a request, and gives what follows to a closure.
    func exchange<Result>(
        _ request: HTTPRequest,
        deadline: Deadline,
        limit: Duration?,
        writing: (UnixStream) throws(StreamError) -> Void = { _ throws(StreamError) in },
        _ body: (HTTPHead, inout HTTPReplyReader) throws -> Result
    ) throws(PebbleClientError) -> Result {
        do {
            let stream = try UnixStream.connect(to: socketPath, deadline: deadline)
            try send(request, over: stream, deadline: deadline, writing)
            var reader = HTTPReplyReader(stream)
            let head = try reader.head(deadline: deadline)
            return try body(head, &reader)
        } catch let error as PebbleClientError {
            throw error
        } catch let error as MalformedReply {
            throw .badReply(request: request.description, reason: error.reason)
        } catch let error as StreamError {
            throw failure(error, request, limit: limit)
        } catch {
            throw .badReply(request: request.description, reason: "\(error)")
        }
    }

    /// Writes a request; a server that refuses early stops reading, so its reply is worth more than our failure to write.
    private func send(
        _ request: HTTPRequest,
        over stream: UnixStream,
        deadline: Deadline,
        _ writing: (UnixStream) throws(StreamError) -> Void
    ) throws(StreamError) {
        do throws(StreamError) {
            try stream.write(request.encoded(), deadline: deadline)
            try writing(stream)
        } catch {
            guard case .closed = error else { throw error }
        }
    }

    private func failure(_ error: StreamError, _ request: HTTPRequest, limit: Duration?) -> PebbleClientError {
        switch error {
        case .timedOut:
            .timedOut(request: request.description, after: limit ?? timeout)
        case .system(ENOENT, "connect"):
            .notReachable(request: request.description, reason: "socket \"\(socketPath)\" not found")
        case .system(let number, "connect"):
            .notReachable(
                request: request.description,
                reason: "dial unix \(socketPath): connect: \(StreamError.text(number))"
            )
        case .closed, .system:
            .notReachable(request: request.description, reason: error.reason)
        }
    }

    /// Sends a request and reads the whole reply.
    ///
    /// - waiting: how much longer than usual the server may take; nil for as long as it wants.
    func reply(_ request: HTTPRequest, waiting: Duration? = .zero) throws(PebbleClientError) -> HTTPReply {
        let limit = waiting.map { $0 + timeout }
        let deadline = Deadline(limit)
        return try exchange(request, deadline: deadline, limit: limit) { head, reader in
            HTTPReply(head: head, body: try reader.rest(deadline: deadline))
        }
    }

    /// Reads the envelope of a reply, and throws if it carries an error.
    func envelope<Result: Codable & Sendable>(
        _ reply: HTTPReply,
        _ type: Result.Type,
        of request: HTTPRequest
    ) throws(PebbleClientError) -> Envelope<Result> {
        if reply.head.status >= 400,
            let refusal = try? WireJSON.decode(Envelope<ErrorResult>.self, from: reply.body), refusal.type == .error
        {
            let error = refusal.result ?? ErrorResult(message: "server error: \(refusal.status)")
            throw .refused(status: reply.head.status, error: error)
        }
        do {
            return try WireJSON.decode(Envelope<Result>.self, from: reply.body)
        } catch {
            let shown = String(decoding: reply.body.prefix(200), as: UTF8.self)
            throw .badReply(request: request.description, reason: "status \(reply.head.status), body \"\(shown)\"")
        }
    }

    /// Sends a request whose result comes with the reply.
    func result<Result: Codable & Sendable>(
        _ request: HTTPRequest,
        _ type: Result.Type,
        waiting: Duration? = .zero
    ) throws(PebbleClientError) -> Result {
        let envelope = try envelope(reply(request, waiting: waiting), type, of: request)
        guard let result = envelope.result else {
            throw .badReply(request: request.description, reason: "the reply carries no result")
        }
        return result
    }

    /// Sends a request that begins a change, and gives the change's id.
    func beginChange(_ request: HTTPRequest) throws(PebbleClientError) -> String {
        let envelope = try envelope(reply(request), JSONValue.self, of: request)
        guard let change = envelope.change else {
            throw .badReply(request: request.description, reason: "the reply names no change")
        }
        return change
    }

    /// A request with a JSON body.
    func post(_ path: String, _ body: some Encodable) throws(PebbleClientError) -> HTTPRequest {
        var request = HTTPRequest(method: "POST", path: path)
        request.headers = [("Content-Type", "application/json")]
        do {
            request.body = try WireJSON.bytes(of: body)
        } catch {
            throw .badReply(request: request.description, reason: "the request cannot be written as JSON: \(error)")
        }
        return request
    }

    /// A request for something.
    func get(_ path: String, _ query: [(String, String)] = []) -> HTTPRequest {
        HTTPRequest(method: "GET", path: path, query: query)
    }
}
