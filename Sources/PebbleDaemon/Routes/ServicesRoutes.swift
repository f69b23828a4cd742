// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import PebbleAPI

extension API {
    static var servicesRoutes: [Route] {
        [
            Route(.GET, "/v1/services", .user, atOnce: { try $0.listServices($1) }),
            Route(.POST, "/v1/services", .admin) { try await $0.changeServices($1) },
            Route(.GET, "/v1/services/{name}", .user) { _, _ in throw DaemonError(.invalid, "not implemented") },
            Route(.POST, "/v1/services/{name}", .admin) { _, _ in throw DaemonError(.invalid, "not implemented") },
        ]
    }

    private func changeServices(_ request: APIRequest) async throws -> APIResponse {
        let prefix = "cannot decode data from request body"
        let body = try await request.decode(ServicesRequest.self, prefix: prefix)
        let change: Change
        switch body.action {
        case "replan", "autostart":
            guard body.services.isEmpty else {
                throw DaemonError(.invalid, "\(body.action) accepts no service names")
            }
            change = body.action == "replan" ? try await supervisor.replan() : try await supervisor.autostart()
        default:
            guard !body.services.isEmpty else {
                throw DaemonError(.invalid, "must specify services for \(body.action) action")
            }
            switch body.action {
            case "start": change = try await supervisor.startServices(body.services)
            case "stop": change = try await supervisor.stopServices(body.services)
            case "restart": change = try await supervisor.restartServices(body.services)
            default: throw DaemonError(.invalid, "invalid action \"\(body.action)\"")
            }
        }
        return try .async(change.id)
    }
}

extension Supervisor {
    /// All of them are what is asked for most, by those who look whether anything has changed: made once, until
    /// something has.
    fileprivate func listServices(_ request: APIRequest) throws -> APIResponse {
        let names = request.list("names")
        guard names.isEmpty else { return try .sync(services(names)) }
        if let servicesReply { return servicesReply }
        let reply = try APIResponse.sync(services([]))
        servicesReply = reply
        return reply
    }
}
