// SPDX-License-Identifier: Apache-2.0

public import CharmKit

/// The `nginx-route` interface: a route of the cluster's nginx to us.
///
/// We write, as the leader: `service-namespace`, `service-hostname`, `service-name`, `service-port` and, where it
/// matters, `max-body-size` in megabytes, 0 for any. Nothing is read.
public enum NginxRoute {
    /// Asks for a route, as the leader; elsewhere nothing is written.
    ///
    /// - Parameters:
    ///   - request: What is asked for.
    ///   - endpoint: The endpoint's name.
    ///   - model: The model.
    /// - Throws: `HookToolError` when the agent cannot be asked.
    public static func publish(_ request: NginxRouteRequest, _ endpoint: String, _ model: Model) throws {
        guard try model.isLeader() else { return }
        for relation in try model.relations(endpoint) where relation.isActive {
            try relation.set(request.applicationDatabag, in: .ownApplication)
        }
    }
}

/// A route that is asked for.
public struct NginxRouteRequest: Sendable, Hashable {
    /// The namespace of the service, which is the model's name.
    public var namespace: String
    /// The name under which visitors come.
    public var hostname: String
    /// The service's name, which is the application's.
    public var service: String
    /// The service's port.
    public var port: Int
    /// The largest body of a request, in megabytes; 0 for any, nil for what the provider thinks best.
    public var maximumBodySize: Int?

    /// Creates a request.
    public init(namespace: String, hostname: String, service: String, port: Int, maximumBodySize: Int? = nil) {
        self.namespace = namespace
        self.hostname = hostname
        self.service = service
        self.port = port
        self.maximumBodySize = maximumBodySize
    }

    /// What the leader writes to the application's databag; an empty value removes the key.
    public var applicationDatabag: [String: String] {
        [
            "service-namespace": namespace,
            "service-hostname": hostname,
            "service-name": service,
            "service-port": String(port),
            "max-body-size": maximumBodySize.map(String.init) ?? "",
        ]
    }
}
