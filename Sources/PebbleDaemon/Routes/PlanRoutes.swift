// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import PebbleAPI
import PebblePlan

extension API {
    static var planRoutes: [Route] {
        [
            Route(.GET, "/v1/plan", .admin, atOnce: { try $0.showPlan($1) }),
            Route(.POST, "/v1/layers", .admin) { try await $0.addLayer($1) },
        ]
    }

    private func addLayer(_ request: APIRequest) async throws -> APIResponse {
        let body = try await request.decode(LayersRequest.self)
        guard body.action == "add" else { throw DaemonError(.invalid, "invalid action \"\(body.action)\"") }
        guard !body.label.isEmpty else { throw DaemonError(.invalid, "label must be set") }
        guard body.format == "yaml" else { throw DaemonError(.invalid, "invalid format \"\(body.format)\"") }
        let layer: Layer
        do throws(PlanError) {
            let accounts = supervisor.surroundings.accounts.lookup
            layer = try Layer.parse(yaml: body.layer, label: body.label, accounts: accounts)
        } catch {
            throw DaemonError(.invalid, "cannot parse layer YAML: \(error)")
        }
        try await supervisor.addLayer(layer, combine: body.combine, inner: body.inner)
        return try .sync(true)
    }
}

extension Supervisor {
    fileprivate func showPlan(_ request: APIRequest) throws -> APIResponse {
        let format = request.parameter("format")
        guard format == "yaml" else { throw DaemonError(.invalid, "invalid format \"\(format)\"") }
        return try .sync(plan.yaml())
    }
}
