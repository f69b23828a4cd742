// SPDX-License-Identifier: Apache-2.0
package import CharmInterfaces
import CharmKit

/// What the neighbours are told: where visitors are to be led, and what is to be watched.
package struct Publications: Hashable, Sendable {
    /// The route the cluster's nginx is asked for.
    package var route: NginxRouteRequest?
    /// The way in an ingress is asked for.
    package var ingress: IngressRequest?
    /// Who we are to the provider people sign in at.
    package var client: OAuthClient?
    /// The exporters Prometheus is to scrape; none when nobody does.
    package var jobs: [ScrapeJob] = []
    /// This unit's address.
    package var address: String?
    /// What optional applications are asked for.
    package var external = ExternalRequests()

    package init() {}

    /// Decides what the neighbours are told.
    ///
    /// - Parameters:
    ///   - view: What is known.
    ///   - site: The URL under which people reach Indico.
    init(_ view: View, _ site: SiteURL) {
        let surroundings = view.surroundings
        address = surroundings.address
        external = ExternalRequests(surroundings.external)
        if surroundings.hasRoute {
            route = NginxRouteRequest(
                namespace: view.modelName,
                hostname: site.host,
                service: view.application,
                port: view.ports.nginx,
                // nginx behind it has the limit for what people may upload.
                maximumBodySize: 0
            )
        }
        if !surroundings.ingress.isAbsent {
            let pod = view.unit.description.split(separator: "/").joined(separator: "-")
            ingress = IngressRequest(
                model: view.modelName,
                application: view.application,
                port: view.ports.nginx,
                // The name Kubernetes gives a pod of Juju's stateful set.
                host: "\(pod).\(view.application)-endpoints.\(view.modelName).svc.cluster.local",
                address: surroundings.address,
                healthPath: "/health"
            )
        }
        if !surroundings.signOn.isAbsent {
            client = OAuthClient(redirectURI: "\(site)\(SignOn.callbackPath)")
        }
        if surroundings.isWatched { jobs = Self.jobs(view) }
    }

    /// One job for each exporter; Celery's only where it runs, else its absence on all other units would be an alert.
    private static func jobs(_ view: View) -> [ScrapeJob] {
        var jobs = [
            ScrapeJob(name: "nginx", targets: ["*:\(view.ports.nginxExporter)"]),
            ScrapeJob(name: "statsd", targets: ["*:\(view.ports.statsdExporter)"]),
        ]
        if let address = view.surroundings.celeryAddress {
            jobs.append(ScrapeJob(name: "celery", targets: ["\(address):\(view.ports.celeryExporter)"]))
        }
        return jobs
    }
}
