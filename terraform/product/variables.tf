# SPDX-License-Identifier: Apache-2.0

variable "model_uuid" {
  description = "UUID of the Juju model to deploy into, on Kubernetes."
  type        = string
}

variable "site_url" {
  description = "Address under which people reach Indico, as https://HOST; its host is the route's."
  type        = string

  validation {
    condition     = can(regex("^https?://[A-Za-z0-9.-]+(:[0-9]+)?$", var.site_url))
    error_message = "site_url is http://HOST[:PORT] or https://HOST[:PORT], without a path."
  }
}

variable "indico" {
  description = "How Indico is deployed."
  type = object({
    app_name    = optional(string, "indico")
    charm_name  = optional(string, "indico")
    channel     = optional(string, "latest/edge")
    revision    = optional(number)
    base        = optional(string, "ubuntu@24.04")
    config      = optional(map(string), {})
    constraints = optional(string)
    resources   = optional(map(string), {})
    storage     = optional(map(string), {})
    units       = optional(number, 1)
  })
  default = {}

  validation {
    condition     = !contains(keys(var.indico.config), "site_url")
    error_message = "site_url is a variable of its own."
  }
}

variable "postgresql" {
  description = "How PostgreSQL is deployed."
  type = object({
    app_name    = optional(string, "postgresql-k8s")
    channel     = optional(string, "14/stable")
    revision    = optional(number)
    base        = optional(string)
    config      = optional(map(string), {})
    constraints = optional(string)
    units       = optional(number, 1)
  })
  default = {}
}

variable "redis" {
  description = "How the two Redis applications are deployed: the broker of tasks, and the cache with the sessions."
  type = object({
    broker_name = optional(string, "redis-broker")
    cache_name  = optional(string, "redis-cache")
    channel     = optional(string, "latest/edge")
    revision    = optional(number)
    base        = optional(string)
    units       = optional(number, 1)
  })
  default = {}

  validation {
    condition     = var.redis.broker_name != var.redis.cache_name
    error_message = "The broker and the cache are two applications: sessions are dropped without touching tasks."
  }
}

variable "s3" {
  description = "How the bucket for attachments is told to Indico; null where they are kept on a storage. Keys go to the application by its action sync-s3-credentials."
  type = object({
    app_name = optional(string, "s3-integrator")
    channel  = optional(string, "latest/stable")
    revision = optional(number)
    base     = optional(string)
    config   = optional(map(string), {})
  })
  default = null
}

variable "ingress" {
  description = "How the way in is deployed; null where the cluster has another."
  type = object({
    app_name = optional(string, "nginx-ingress-integrator")
    channel  = optional(string, "latest/stable")
    revision = optional(number)
    base     = optional(string)
    config   = optional(map(string), {})
  })
  default = {}
}
