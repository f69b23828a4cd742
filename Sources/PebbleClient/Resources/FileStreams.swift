// SPDX-License-Identifier: Apache-2.0
import Glibc
public import PebbleAPI

/// Files of any size, piece by piece.
extension PebbleClient {
    /// Reads a file and gives it to a closure as it comes.
    ///
    /// What was given before an error is thrown is part of the file and no more.
    ///
    /// ```swift
    /// var count = 0
    /// try client.readFile("/var/log/big") { count += $0.count }
    /// ```
    ///
    /// - Parameters:
    ///   - path: the absolute path.
    ///   - take: gets each piece, in order; what it throws ends the reading and is thrown on.
    /// - Throws: ``PebbleClientError``, or what the closure throws.
    public func readFile(_ path: String, _ take: ([UInt8]) throws -> Void) throws {
        var request = get("/v1/files", [("action", "read"), ("path", path)])
        request.headers = [("Accept", "multipart/form-data")]
        var failure: (any Error)?
        let reply = try exchange(request, deadline: Deadline(nil), limit: nil) { head, reader in
            guard head.status == 200, let boundary = Multipart.boundary(of: head.fields["content-type"] ?? "") else {
                return HTTPReply(head: head, body: try reader.rest(deadline: Deadline(nil)))
            }
            var outcome = FileOutcome(boundary: boundary)
            while failure == nil, let piece = try reader.next(deadline: Deadline(nil)) {
                let content = try outcome.add(piece)
                do {
                    if !content.isEmpty { try take(content) }
                } catch {
                    failure = error
                }
            }
            return HTTPReply(head: head, body: outcome.response)
        }
        if let failure { throw failure }
        try throwFirst(try envelope(reply, [FileResult].self, of: request).result)
    }

    /// Writes a file from pieces as a closure gives them, so that readers see the old content or the whole new one.
    ///
    /// - Parameters:
    ///   - path: the absolute path.
    ///   - permissions: its permissions; nil for 644.
    ///   - ownership: whose it shall be.
    ///   - makeParents: whether to make missing directories above it.
    ///   - next: gives the next piece, nil at the end; what it throws leaves the file as it was and is thrown on.
    /// - Throws: ``PebbleClientError``, or what the closure throws.
    public func writeFile(
        _ path: String,
        permissions: UInt16? = nil,
        ownership: Ownership = Ownership(),
        makeParents: Bool = false,
        from next: () throws -> [UInt8]?
    ) throws {
        let item = WriteFileItem(
            path: path,
            makeDirs: makeParents,
            permissions: permissions.map(Self.octal),
            ownership: ownership
        )
        var request = try post("/v1/files", FilesRequest(action: "write", files: [item]))
        let frame = Multipart.frame(request: request.body, path: path)
        request.headers = [("Content-Type", frame.contentType), ("Transfer-Encoding", "chunked")]
        request.body = []
        var failure: (any Error)?
        func write(_ stream: UnixStream) throws(StreamError) {
            try stream.writeChunk(frame.before)
            while true {
                let piece: [UInt8]?
                do {
                    piece = try next()
                } catch {
                    // Without the end of the body the server throws away what it has.
                    failure = error
                    throw .system(number: ECANCELED, operation: "write")
                }
                guard let piece else { break }
                try stream.writeChunk(piece)
            }
            try stream.writeChunk(frame.after)
            try stream.write(Array("0\r\n\r\n".utf8), deadline: Deadline(nil))
        }
        let reply: HTTPReply
        do {
            reply = try exchange(request, deadline: Deadline(nil), limit: nil, writing: write) { head, reader in
                HTTPReply(head: head, body: try reader.rest(deadline: Deadline(nil)))
            }
        } catch {
            throw failure ?? error
        }
        try throwFirst(try envelope(reply, [FileResult].self, of: request).result)
    }
}

/// Tells the file from what the server says of it.
private struct FileOutcome {
    private var scanner: MultipartScanner
    private var isFile = false
    /// The part that says how it went.
    private(set) var response: [UInt8] = []

    init(boundary: String) {
        scanner = MultipartScanner(boundary: boundary)
    }

    /// Takes a piece of the reply; returns what of the file is in it.
    mutating func add(_ piece: [UInt8]) throws(MalformedReply) -> [UInt8] {
        var content: [UInt8] = []
        for event in try scanner.take(piece) {
            switch event {
            case .partBegan(let name, _): isFile = name == "files"
            case .content(let bytes): if isFile { content += bytes } else { response += bytes }
            case .partEnded: break
            }
        }
        return content
    }
}

extension UnixStream {
    /// Writes a piece of a body of unknown length; nothing at all would be the end of it.
    fileprivate func writeChunk(_ bytes: [UInt8]) throws(StreamError) {
        guard !bytes.isEmpty else { return }
        let head = Array("\(String(bytes.count, radix: 16))\r\n".utf8)
        try write(head + bytes + Array("\r\n".utf8), deadline: Deadline(nil))
    }
}
