// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import PebbleAPI

extension API {
    static var execRoutes: [Route] {
        [
            Route(.POST, "/v1/exec", .admin) { try await $0.exec($1) },
            Route(.GET, "/v1/tasks/{id}/websocket/{socket}", .admin) { try await $0.execSocket($1) },
        ]
    }

    private func exec(_ request: APIRequest) async throws -> APIResponse {
        let body = try await request.decode(ExecRequest.self, goType: "execPayload")
        if let program = body.command.first {
            supervisor.surroundings.log.record(.commandRun(by: request.caller.name, program: program))
        }
        let (change, reply) = try await supervisor.exec(body)
        return try .async(change, result: reply)
    }

    /// Gets what was not upgraded: see ``ExecUpgrade``.
    private func execSocket(_ request: APIRequest) async throws -> APIResponse {
        let (task, socket) = (request.captures[0], request.captures[1])
        guard try await supervisor.hasExecSocket(task: task, socket: socket) else {
            // The command has ended well, and so has this: there is nothing to say.
            return .text("", contentType: nil)
        }
        throw DaemonError(.invalid, "websocket: the client is not using the websocket protocol")
    }
}
