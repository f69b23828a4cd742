// SPDX-License-Identifier: Apache-2.0
public import PebbleAPI

extension PebbleClient {
    /// Lists what is in a directory, or a path itself.
    ///
    /// - Parameters:
    ///   - path: the absolute path.
    ///   - pattern: only names that match this glob.
    ///   - itself: whether to give a directory itself, not what is in it.
    /// - Returns: what is there, by name.
    /// - Throws: ``PebbleClientError``; a path that is not there has the kind `not-found`.
    public func listFiles(
        _ path: String,
        pattern: String? = nil,
        itself: Bool = false
    ) throws(PebbleClientError) -> [FileInfo] {
        var query = [("action", "list"), ("path", path)]
        if let pattern { query.append(("pattern", pattern)) }
        if itself { query.append(("itself", "true")) }
        return try result(get("/v1/files", query), [FileInfo].self)
    }

    /// Reads a whole file.
    ///
    /// - Parameter path: the absolute path.
    /// - Returns: what is in it.
    /// - Throws: ``PebbleClientError``; a path that is not there has the kind `not-found`.
    public func readFile(_ path: String) throws(PebbleClientError) -> [UInt8] {
        var request = get("/v1/files", [("action", "read"), ("path", path)])
        request.headers = [("Accept", "multipart/form-data")]
        let reply = try reply(request, waiting: .seconds(300))
        guard reply.head.status == 200,
            let boundary = Multipart.boundary(of: reply.head.fields["content-type"] ?? "")
        else {
            _ = try envelope(reply, [FileResult].self, of: request)
            throw .badReply(request: request.description, reason: "the reply is not in parts")
        }
        let parts: [MultipartPart]
        do throws(MalformedReply) {
            parts = try Multipart.decode(reply.body, boundary: boundary)
        } catch {
            throw .badReply(request: request.description, reason: error.reason)
        }
        guard let outcome = parts.last, outcome.name == "response" else {
            throw .badReply(request: request.description, reason: "the reply has no outcome")
        }
        let results = try envelope(HTTPReply(head: reply.head, body: outcome.content), [FileResult].self, of: request)
        try throwFirst(results.result)
        guard let content = parts.first(where: { $0.name == "files" && $0.filename == path }) else {
            throw .badReply(request: request.description, reason: "the reply lacks the file")
        }
        return content.content
    }

    /// Writes a whole file, so that readers see the old content or the new.
    ///
    /// - Parameters:
    ///   - path: the absolute path.
    ///   - content: what shall be in it.
    ///   - permissions: its permissions; nil for 644.
    ///   - ownership: whose it shall be.
    ///   - makeParents: whether to make missing directories above it.
    /// - Throws: ``PebbleClientError``.
    public func writeFile(
        _ path: String,
        _ content: [UInt8],
        permissions: UInt16? = nil,
        ownership: Ownership = Ownership(),
        makeParents: Bool = false
    ) throws(PebbleClientError) {
        let item = WriteFileItem(
            path: path,
            makeDirs: makeParents,
            permissions: permissions.map(Self.octal),
            ownership: ownership
        )
        var request = try post("/v1/files", FilesRequest(action: "write", files: [item]))
        let (contentType, body) = Multipart.encode([
            MultipartPart(name: "request", contentType: "application/json", content: request.body),
            MultipartPart(name: "files", filename: path, contentType: "application/octet-stream", content: content),
        ])
        request.headers = [("Content-Type", contentType)]
        request.body = body
        try throwFirst(result(request, [FileResult].self, waiting: .seconds(300)))
    }

    /// Makes a directory.
    ///
    /// - Parameters:
    ///   - path: the absolute path.
    ///   - makeParents: whether to make missing directories above it, and be content with one that is there.
    ///   - permissions: its permissions; nil for 755.
    ///   - ownership: whose it shall be.
    /// - Throws: ``PebbleClientError``.
    public func makeDirectory(
        _ path: String,
        makeParents: Bool = false,
        permissions: UInt16? = nil,
        ownership: Ownership = Ownership()
    ) throws(PebbleClientError) {
        let item = MakeDirectoryItem(
            path: path,
            makeParents: makeParents,
            permissions: permissions.map(Self.octal),
            ownership: ownership
        )
        let request = try post("/v1/files", FilesRequest(action: "make-dirs", dirs: [item]))
        try throwFirst(result(request, [FileResult].self))
    }

    /// Removes a file or directory.
    ///
    /// - Parameters:
    ///   - path: the absolute path.
    ///   - recursive: whether to remove what is in a directory too, and be content when nothing is there.
    /// - Throws: ``PebbleClientError``.
    public func remove(_ path: String, recursive: Bool = false) throws(PebbleClientError) {
        let item = RemovePathItem(path: path, recursive: recursive)
        let request = try post("/v1/files", FilesRequest(action: "remove", paths: [item]))
        try throwFirst(result(request, [FileResult].self, waiting: .seconds(300)))
    }

    func throwFirst(_ results: [FileResult]?) throws(PebbleClientError) {
        for result in results ?? [] {
            if let error = result.error { throw .fileFailed(path: result.path, error: error) }
        }
    }

    static func octal(_ permissions: UInt16) -> String {
        let digits = String(permissions, radix: 8)
        return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }
}
