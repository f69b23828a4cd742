// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import PebbleAPI

extension API {
    static var systemRoutes: [Route] {
        [Route(.GET, "/v1/system-info", .open) { try await $0.systemInfo($1) }]
    }

    private func systemInfo(_ request: APIRequest) async throws -> APIResponse {
        let info = SystemInfo(
            bootID: supervisor.bootID,
            version: supervisor.serverVersion,
            httpAddress: await supervisor.httpAddress,
            httpsAddress: await supervisor.httpsAddress
        )
        return try .sync(info)
    }
}
