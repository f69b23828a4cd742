// SPDX-License-Identifier: Apache-2.0
import CharmInterfaces
import CharmKit

/// Tells the neighbours what was decided.
struct Publishing {
    let model: Model
    /// Reads the charm's own rules; they are looked at only when somebody wants them.
    let rules: () throws -> AlertRules
    /// Reads the charm's own dashboards; likewise.
    let dashboards: () throws -> [GrafanaDashboard.Dashboard]

    /// The charm's name in its metadata, by which others group what comes from it.
    static let charm = "indico"

    /// Writes to the databags of those who lead visitors here and of those who watch.
    ///
    /// - Parameter publications: What they are told.
    /// - Throws: `HookToolError` when the agent refuses; `AlertRulesError` when the charm's own rules are broken.
    func publish(_ publications: Publications) throws {
        if let route = publications.route { try NginxRoute.publish(route, Endpoint.route, model) }
        if let ingress = publications.ingress { try Ingress.publish(ingress, Endpoint.ingress, model) }
        if let client = publications.client { try OAuth.publish(client, Endpoint.signOn, model) }
        try publish(publications.external)
        if !publications.jobs.isEmpty, let address = publications.address {
            try PrometheusScrape.publish(
                jobs: publications.jobs,
                rules: try rules(),
                topology: JujuTopology(of: model, charm: Self.charm),
                address: address,
                Endpoint.metrics,
                model
            )
        }
    }

    /// Writes to the databags of those whose services are asked for.
    private func publish(_ requests: ExternalRequests) throws {
        if requests.asksForLegacyDatabase {
            try PgSQL.publish(Observation.legacyRequest(model), Endpoint.legacyDatabase, model)
        }
        if requests.asksForBucket { try S3.request(bucket: model.application, Endpoint.files, model) }
        if requests.asksForTraces { try Tracing.request(Endpoint.traces, model) }
        if requests.asksForProxy {
            try HTTPProxy.request(Endpoint.proxy, model) { UniqueID.random() }
        }
        if requests.sendsLogs {
            try LokiPush.publish(topology: JujuTopology(of: model, charm: Self.charm), Endpoint.logs, model)
        }
        if requests.showsDashboards {
            try GrafanaDashboard.publish(
                dashboards,
                topology: JujuTopology(of: model, charm: Self.charm),
                Endpoint.dashboards,
                model
            )
        }
    }
}
