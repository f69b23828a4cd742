// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Glibc
import LinuxSupport
import NIOCore
import NIOHTTP1
import NIOPosix
import PebbleAPI

extension API {
    static var filesRoutes: [Route] {
        [
            Route(.GET, "/v1/files", .admin) { try await $0.lookAtFiles($1) },
            Route(.POST, "/v1/files", .admin) { try await $0.changeFiles($1) },
        ]
    }

    private var operations: FileOperations { FileOperations(accounts: supervisor.surroundings.accounts) }

    private func lookAtFiles(_ request: APIRequest) async throws -> APIResponse {
        let action = request.parameter("action")
        switch action {
        case "list": return try await listFiles(request)
        case "read": return try readFiles(request)
        default: throw DaemonError(.invalid, "invalid action \"\(action)\"")
        }
    }

    private func listFiles(_ request: APIRequest) async throws -> APIResponse {
        let path = request.parameter("path")
        guard !path.isEmpty else { throw DaemonError(.invalid, "must specify path") }
        guard path.hasPrefix("/") else { throw DaemonError(.invalid, "path must be absolute, got \"\(path)\"") }
        let itself = request.parameter("itself")
        guard ["", "true", "false"].contains(itself) else {
            throw DaemonError(.invalid, "itself parameter must be \"true\" or \"false\"")
        }
        let pattern = request.parameter("pattern")
        let listing = FileListing(accounts: supervisor.surroundings.accounts)
        let found = try await NIOThreadPool.singleton.runIfActive {
            try listing.list(path, pattern: pattern.isEmpty ? nil : pattern, itself: itself == "true")
        }
        return try .sync(found)
    }

    private func readFiles(_ request: APIRequest) throws -> APIResponse {
        guard request.headers.first(name: "accept") == "multipart/form-data" else {
            throw DaemonError(.invalid, "must accept multipart/form-data")
        }
        let paths = request.list("path")
        guard !paths.isEmpty else { throw DaemonError(.invalid, "must specify one or more paths") }
        for path in paths {
            supervisor.surroundings.log.record(.filePulled(by: request.caller.name, path: path))
        }
        let boundary = String((0..<3).map { _ in String(UInt64.random(in: 0 ... .max), radix: 16) }.joined())
        let sender = FileSender(paths: paths, boundary: boundary)
        return APIResponse(
            status: 200,
            contentType: "multipart/form-data; boundary=\(boundary)",
            body: .stream { writer in try await sender.run(writer) }
        )
    }

    private func changeFiles(_ request: APIRequest) async throws -> APIResponse {
        let contentType = request.headers.first(name: "content-type") ?? ""
        guard !contentType.isEmpty else { throw DaemonError(.invalid, "invalid Content-Type \"\"") }
        let media = MediaType(contentType)
        switch media.type {
        case "multipart/form-data":
            let boundary = media.parameters["boundary"] ?? ""
            guard boundary.utf8.count >= 32 else { throw DaemonError(.invalid, "invalid boundary \"\(boundary)\"") }
            let (log, name) = (supervisor.surroundings.log, request.caller.name)
            let receiver = FileReceiver(operations: operations, body: request.body, boundary: boundary) { path in
                log.record(.filePushed(by: name, path: path))
            }
            return try .sync(try await receiver.run())
        case "application/json":
            return try await changeFilesByJSON(request)
        default:
            throw DaemonError(.invalid, "invalid media type \"\(media.type)\"")
        }
    }

    private func changeFilesByJSON(_ request: APIRequest) async throws -> APIResponse {
        let body = try await request.decode(FilesRequest.self)
        let operations = operations
        switch body.action {
        case "make-dirs":
            let items = body.dirs ?? []
            return try .sync(
                try await NIOThreadPool.singleton.runIfActive {
                    operations.each(items, path: \.path, operations.makeDirectory)
                }
            )
        case "remove":
            let items = body.paths ?? []
            return try .sync(
                try await NIOThreadPool.singleton.runIfActive {
                    operations.each(items, path: \.path, operations.remove)
                }
            )
        case "write": throw DaemonError(.invalid, "must use multipart with \"write\" action")
        default: throw DaemonError(.invalid, "invalid action \"\(body.action)\"")
        }
    }
}
