// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import PebbleAPI

extension API {
    static var identitiesRoutes: [Route] {
        [
            Route(.GET, "/v1/identities", .user, atOnce: { supervisor, _ in try supervisor.listIdentities() }),
            Route(.POST, "/v1/identities", .admin) { try await $0.changeIdentities($1) },
            // Pairing happens over HTTPS, in a window that this daemon does not open.
            Route(.POST, "/v1/pairing", .open) { _, _ in
                throw DaemonError(.unauthenticated, "access denied", kind: .loginRequired)
            },
        ]
    }

    private func changeIdentities(_ request: APIRequest) async throws -> APIResponse {
        let body = try await request.decode(IdentitiesRequest.self)
        let (before, after) = try await supervisor.changeIdentities(body)
        try await supervisor.synchronise()
        for event in SecurityEvent.changes(from: before, to: after, by: request.caller.name) {
            supervisor.surroundings.log.record(event)
        }
        return try .done()
    }
}

extension Supervisor {
    fileprivate func listIdentities() throws -> APIResponse {
        try .sync(document.identities.mapValues(IdentityRules.withoutSecrets))
    }
}
