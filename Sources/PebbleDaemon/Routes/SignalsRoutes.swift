// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import PebbleAPI

extension API {
    static var signalsRoutes: [Route] {
        [Route(.POST, "/v1/signals", .admin) { try await $0.sendSignal($1) }]
    }

    private func sendSignal(_ request: APIRequest) async throws -> APIResponse {
        let body = try await request.decode(SignalsRequest.self, goType: "signalsPayload")
        guard !body.services.isEmpty else { throw DaemonError(.invalid, "must specify one or more services") }
        try await supervisor.signal(body.signal, services: body.services)
        return try .sync(true)
    }
}
