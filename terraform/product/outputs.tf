# SPDX-License-Identifier: Apache-2.0

output "site_url" {
  description = "Address under which people reach Indico."
  value       = var.site_url
}

output "app_names" {
  description = "Names of the deployed applications, by what they are."
  value = {
    indico       = module.indico.app_name
    postgresql   = juju_application.postgresql.name
    redis_broker = juju_application.redis_broker.name
    redis_cache  = juju_application.redis_cache.name
    ingress      = one(juju_application.ingress[*].name)
    s3           = one(juju_application.s3[*].name)
  }

  precondition {
    condition     = var.indico.units == 1 || var.s3 != null || contains(keys(var.indico.storage), "attachments")
    error_message = "Several units need one place for attachments: s3, or a storage \"attachments\" on a volume they share."
  }
}

output "requires" {
  description = "Endpoints of Indico that are still free to relate, such as smtp and oauth."
  value       = { for name, endpoint in module.indico.requires : name => endpoint if !contains(concat(["database", "redis_broker", "redis_cache"], var.s3 == null ? [] : ["s3"]), name) }
}

output "provides" {
  description = "Endpoints at which Indico gives something."
  value       = module.indico.provides
}
