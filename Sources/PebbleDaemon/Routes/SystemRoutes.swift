// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import PebbleAPI

extension API {
    static var systemRoutes: [Route] {
        [Route(.GET, "/v1/system-info", .open, atOnce: { supervisor, _ in try supervisor.systemInfo() })]
    }
}

extension Supervisor {
    fileprivate func systemInfo() throws -> APIResponse {
        let info = SystemInfo(
            bootID: bootID,
            version: serverVersion,
            httpAddress: httpAddress,
            httpsAddress: httpsAddress
        )
        return try .sync(info)
    }
}
