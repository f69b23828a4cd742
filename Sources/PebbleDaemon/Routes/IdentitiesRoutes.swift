// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import PebbleAPI

extension API {
    static var identitiesRoutes: [Route] {
        [
            Route(.GET, "/v1/identities", .user) { try await $0.listIdentities($1) },
            Route(.POST, "/v1/identities", .admin) { try await $0.changeIdentities($1) },
            // Pairing happens over HTTPS, in a window that this daemon does not open.
            Route(.POST, "/v1/pairing", .open) { _, _ in
                throw DaemonError(.unauthenticated, "access denied", kind: .loginRequired)
            },
        ]
    }

    private func listIdentities(_ request: APIRequest) async throws -> APIResponse {
        try .sync(await supervisor.document.identities.mapValues(IdentityRules.withoutSecrets))
    }

    private func changeIdentities(_ request: APIRequest) async throws -> APIResponse {
        let body = try await request.decode(IdentitiesRequest.self)
        let (before, after) = try await supervisor.changeIdentities(body)
        try await supervisor.synchronise()
        for event in SecurityEvent.changes(from: before, to: after, by: request.caller.peer) {
            supervisor.surroundings.log.record(event)
        }
        return try .done()
    }
}
