// SPDX-License-Identifier: Apache-2.0

/// The names in the charm's metadata, those of the existing charm.
enum Endpoint {
    static let database = "database"
    static let broker = "redis-broker"
    static let cache = "redis-cache"
    static let mail = "smtp"
    static let legacyMail = "smtp-legacy"
    static let peers = "indico-peers"
    static let route = "nginx-route"
    static let ingress = "ingress"
    static let signOn = "oauth"
    static let metrics = "metrics-endpoint"
    /// The interface databases were offered by before.
    static let legacyDatabase = "db"
    static let files = "s3"
    static let identities = "saml"
    static let logs = "logging"
    static let traces = "tracing"
    static let proxy = "http-proxy"
    static let dashboards = "grafana-dashboard"
    static let backups = "backups"
}

/// The workload containers in the charm's metadata.
enum ContainerName {
    static let indico = "indico"
    static let nginx = "indico-nginx"
}
