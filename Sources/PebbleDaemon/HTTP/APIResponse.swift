// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import NIOCore
import NIOHTTP1
import PebbleAPI

/// What a request is answered with.
struct APIResponse: Sendable {
    enum Body: Sendable {
        case bytes(ByteBuffer)
        /// Written piece by piece, each once the client has taken the one before.
        case stream(@Sendable (ResponseWriter) async throws -> Void)
    }

    var status: Int
    var headers: HTTPHeaders
    var body: Body

    init(status: Int, contentType: String?, body: Body) {
        self.status = status
        self.body = body
        headers = HTTPHeaders()
        if let contentType { headers.add(name: "Content-Type", value: contentType) }
    }

    /// A result that is here.
    static func sync(_ result: some Codable & Sendable, status: Int = 200) throws -> APIResponse {
        try json(Envelope(type: .sync, statusCode: status, result: result), status: status)
    }

    /// Done, and nothing to say.
    static func done() throws -> APIResponse {
        try json(Envelope<NoResult>(type: .sync, statusCode: 200, result: nil), status: 200)
    }

    /// A change that was begun.
    static func async(_ change: String) throws -> APIResponse {
        try json(Envelope<NoResult>(type: .async, statusCode: 202, change: change, result: nil), status: 202)
    }

    static func async(_ change: String, result: some Codable & Sendable) throws -> APIResponse {
        try json(Envelope(type: .async, statusCode: 202, change: change, result: result), status: 202)
    }

    static func error(_ result: ErrorResult, status: Int) -> APIResponse {
        let envelope = Envelope(type: .error, statusCode: status, result: result)
        // Strings only: there is nothing in it that could fail to be encoded.
        return (try? json(envelope, status: status))
            ?? APIResponse(status: status, contentType: nil, body: .bytes(ByteBuffer()))
    }

    private static func json(_ value: some Encodable, status: Int) throws -> APIResponse {
        let bytes = try WireJSON.bytes(of: value)
        return APIResponse(status: status, contentType: "application/json", body: .bytes(ByteBuffer(bytes: bytes)))
    }

    /// The bytes of an answer to a client that stays.
    func encoded(_ body: ByteBuffer, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        let status = HTTPResponseStatus(statusCode: status)
        var bytes = allocator.buffer(capacity: 256 + body.readableBytes)
        bytes.writeStaticString("HTTP/1.1 ")
        bytes.writeString(String(status.code))
        bytes.writeStaticString(" ")
        bytes.writeString(status.reasonPhrase)
        for (name, value) in headers {
            bytes.writeStaticString("\r\n")
            bytes.writeString(name)
            bytes.writeStaticString(": ")
            bytes.writeString(value)
        }
        bytes.writeStaticString("\r\nContent-Length: ")
        bytes.writeString(String(body.readableBytes))
        bytes.writeStaticString("\r\n\r\n")
        bytes.writeImmutableBuffer(body)
        return bytes
    }

    static func text(_ text: String, status: Int = 200, contentType: String? = "text/plain") -> APIResponse {
        APIResponse(status: status, contentType: contentType, body: .bytes(ByteBuffer(string: text)))
    }
}

/// Writes the pieces of a body to a connection.
struct ResponseWriter: Sendable {
    let channel: any Channel

    /// Writes a piece; returns when it is on its way, which is how a slow client slows this down.
    func write(_ buffer: ByteBuffer) async throws {
        try await channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(buffer)))
    }
}
