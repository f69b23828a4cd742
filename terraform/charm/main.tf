# SPDX-License-Identifier: Apache-2.0

resource "juju_application" "indico" {
  name               = var.app_name
  model_uuid         = var.model_uuid
  units              = var.units
  config             = var.config
  constraints        = var.constraints
  resources          = var.resources
  storage_directives = var.storage_directives

  charm {
    name     = var.charm_name
    channel  = var.channel
    revision = var.revision
    base     = var.base
  }
}
