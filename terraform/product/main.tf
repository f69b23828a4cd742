# SPDX-License-Identifier: Apache-2.0

module "indico" {
  source = "../charm"

  model_uuid  = var.model_uuid
  app_name    = var.indico.app_name
  charm_name  = var.indico.charm_name
  channel     = var.indico.channel
  revision    = var.indico.revision
  base        = var.indico.base
  config      = merge(var.indico.config, { site_url = var.site_url })
  constraints = var.indico.constraints
  resources   = var.indico.resources
  units       = var.indico.units

  storage_directives = var.indico.storage
}

resource "juju_application" "postgresql" {
  name        = var.postgresql.app_name
  model_uuid  = var.model_uuid
  units       = var.postgresql.units
  constraints = var.postgresql.constraints
  trust       = true

  # The charm asks for a database and not for superuser rights: the extensions are made by PostgreSQL's own operator.
  config = merge(
    { plugin_pg_trgm_enable = "true", plugin_unaccent_enable = "true" },
    var.postgresql.config,
  )

  charm {
    name     = "postgresql-k8s"
    channel  = var.postgresql.channel
    revision = var.postgresql.revision
    base     = var.postgresql.base
  }
}

resource "juju_application" "redis_broker" {
  name       = var.redis.broker_name
  model_uuid = var.model_uuid
  units      = var.redis.units

  charm {
    name     = "redis-k8s"
    channel  = var.redis.channel
    revision = var.redis.revision
    base     = var.redis.base
  }
}

resource "juju_application" "redis_cache" {
  name       = var.redis.cache_name
  model_uuid = var.model_uuid
  units      = var.redis.units

  charm {
    name     = "redis-k8s"
    channel  = var.redis.channel
    revision = var.redis.revision
    base     = var.redis.base
  }
}

resource "juju_application" "s3" {
  count = var.s3 == null ? 0 : 1

  name       = var.s3.app_name
  model_uuid = var.model_uuid
  config     = var.s3.config

  charm {
    name     = "s3-integrator"
    channel  = var.s3.channel
    revision = var.s3.revision
    base     = var.s3.base
  }
}

resource "juju_application" "ingress" {
  count = var.ingress == null ? 0 : 1

  name       = var.ingress.app_name
  model_uuid = var.model_uuid
  config     = var.ingress.config
  trust      = true

  charm {
    name     = "nginx-ingress-integrator"
    channel  = var.ingress.channel
    revision = var.ingress.revision
    base     = var.ingress.base
  }
}

resource "juju_integration" "database" {
  model_uuid = var.model_uuid

  application {
    name     = module.indico.app_name
    endpoint = module.indico.requires.database
  }

  application {
    name     = juju_application.postgresql.name
    endpoint = "database"
  }
}

resource "juju_integration" "redis_broker" {
  model_uuid = var.model_uuid

  application {
    name     = module.indico.app_name
    endpoint = module.indico.requires.redis_broker
  }

  application {
    name     = juju_application.redis_broker.name
    endpoint = "redis"
  }
}

resource "juju_integration" "redis_cache" {
  model_uuid = var.model_uuid

  application {
    name     = module.indico.app_name
    endpoint = module.indico.requires.redis_cache
  }

  application {
    name     = juju_application.redis_cache.name
    endpoint = "redis"
  }
}

resource "juju_integration" "s3" {
  count = var.s3 == null ? 0 : 1

  model_uuid = var.model_uuid

  application {
    name     = module.indico.app_name
    endpoint = module.indico.requires.s3
  }

  application {
    name     = juju_application.s3[0].name
    endpoint = "s3-credentials"
  }
}

resource "juju_integration" "ingress" {
  count = var.ingress == null ? 0 : 1

  model_uuid = var.model_uuid

  application {
    name     = module.indico.app_name
    endpoint = module.indico.requires.nginx_route
  }

  application {
    name     = juju_application.ingress[0].name
    endpoint = "nginx-route"
  }
}
