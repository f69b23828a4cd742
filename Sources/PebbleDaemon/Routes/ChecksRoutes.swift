// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import PebbleAPI

extension API {
    static var checksRoutes: [Route] {
        [
            Route(.GET, "/v1/checks", .user, atOnce: { try $0.listChecks($1) }),
            Route(.POST, "/v1/checks", .admin) { try await $0.changeChecks($1) },
            Route(.POST, "/v1/checks/refresh", .admin) { try await $0.refreshCheck($1) },
        ]
    }

    private var prefix: String { "cannot decode data from request body" }

    private func changeChecks(_ request: APIRequest) async throws -> APIResponse {
        let body = try await request.decode(ChecksRequest.self, prefix: prefix)
        guard !body.checks.isEmpty else {
            throw DaemonError(.invalid, "must specify checks for \(body.action) action")
        }
        switch body.action {
        case "start": return try .sync(ChecksReply(changed: try await supervisor.startChecks(body.checks)))
        case "stop":
            let stopped = try await supervisor.stopChecks(body.checks)
            for check in stopped {
                supervisor.surroundings.log.record(.monitorDisabled(by: request.caller.name, check: check))
            }
            return try .sync(ChecksReply(changed: stopped))
        default: throw DaemonError(.invalid, "invalid action \"\(body.action)\"")
        }
    }

    private func refreshCheck(_ request: APIRequest) async throws -> APIResponse {
        let body = try await request.decode(CheckRefreshRequest.self, prefix: prefix)
        guard !body.name.isEmpty else { throw DaemonError(.invalid, "must specify check name") }
        return try .sync(try await supervisor.refreshCheck(body.name))
    }
}

extension Supervisor {
    fileprivate func listChecks(_ request: APIRequest) throws -> APIResponse {
        let level = try CheckLevel.read(request.parameter("level"))
        return try .sync(checks(level: level, names: request.list("names")))
    }
}
