// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks an exporter for a page: one request, one connection.
package struct ScrapeClient: Sendable {
    /// What came back.
    package struct Reply: Sendable, Equatable {
        /// The status code.
        package let status: Int
        /// The type of the body.
        package let contentType: String?
        /// The length the answer declares; that of the missing body for HEAD.
        package let contentLength: Int?
        /// The body.
        package let body: String
    }

    /// The other side closed before a whole answer was read.
    package struct Incomplete: Error, CustomStringConvertible, Sendable {
        /// What happened, in words.
        package let description = "cannot read the answer: the connection was closed early"
    }

    private let host: String
    private let port: Int

    /// Creates a client for one exporter.
    package init(host: String = "127.0.0.1", port: Int) {
        self.host = host
        self.port = port
    }

    /// Sends a request and reads the answer.
    ///
    /// - Parameters:
    ///   - path: The page's path.
    ///   - method: The method.
    ///   - accept: The `Accept` header, if any.
    /// - Returns: The answer.
    /// - Throws: What connecting or reading failed with, or `Incomplete`.
    package func fetch(
        _ path: String,
        method: String = "GET",
        accept: String? = nil
    ) async throws -> Reply {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(.seconds(5))
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>(
                        wrappingChannelSynchronously: channel
                    )
                }
            }
        var headers = HTTPHeaders([("Host", "\(host):\(port)"), ("Connection", "close")])
        if let accept { headers.add(name: "Accept", value: accept) }
        let head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: path, headers: headers)
        return try await channel.executeThenClose { parts, writer in
            try await writer.write(.head(head))
            try await writer.write(.end(nil))
            return try await Self.read(parts)
        }
    }

    private static func read(_ parts: NIOAsyncChannelInboundStream<HTTPClientResponsePart>) async throws -> Reply {
        var answer: HTTPResponseHead?
        var body = ByteBuffer()
        for try await part in parts {
            switch part {
            case .head(let head): answer = head
            case .body(var bytes): body.writeBuffer(&bytes)
            case .end:
                guard let answer else { throw Incomplete() }
                return Reply(
                    status: Int(answer.status.code),
                    contentType: answer.headers["content-type"].first,
                    contentLength: answer.headers["content-length"].first.flatMap { Int($0) },
                    body: String(buffer: body)
                )
            }
        }
        throw Incomplete()
    }
}
