// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import PebbleAPI

extension API {
    static var healthRoutes: [Route] {
        [Route(.GET, "/v1/health", .open, atOnce: { try $0.health($1) })]
    }
}

extension Supervisor {
    fileprivate func health(_ request: APIRequest) throws -> APIResponse {
        let level = try CheckLevel.read(request.parameter("level"))
        let healthy = isHealthy(level: level, names: request.list("names"))
        // An answer like any other, save that probes which look at nothing but the code see it too.
        return try .sync(HealthInfo(healthy: healthy), status: healthy ? 200 : 502)
    }
}

extension CheckLevel {
    /// Reads the parameter of requests; empty is none.
    static func read(_ text: String) throws(DaemonError) -> CheckLevel? {
        switch text {
        case "": return nil
        case "alive", "ready": return CheckLevel(rawValue: text)
        default: throw DaemonError(.invalid, "level must be \"alive\" or \"ready\"")
        }
    }
}
