# SPDX-License-Identifier: Apache-2.0

output "app_name" {
  description = "Name of the deployed application."
  value       = juju_application.indico.name
}

output "requires" {
  description = "Endpoints at which the charm takes something, by a name for use in Terraform."
  value = {
    database     = "database"
    redis_broker = "redis-broker"
    redis_cache  = "redis-cache"
    smtp         = "smtp"
    smtp_legacy  = "smtp-legacy"
    oauth        = "oauth"
    nginx_route  = "nginx-route"
    ingress      = "ingress"
    db           = "db"
    s3           = "s3"
    saml         = "saml"
    http_proxy   = "http-proxy"
    tracing      = "tracing"
    logging      = "logging"
    backups      = "backups"
  }
}

output "provides" {
  description = "Endpoints at which the charm gives something, by a name for use in Terraform."
  value = {
    metrics_endpoint  = "metrics-endpoint"
    grafana_dashboard = "grafana-dashboard"
  }
}
