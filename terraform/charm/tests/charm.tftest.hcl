# SPDX-License-Identifier: Apache-2.0

mock_provider "juju" {}

variables {
  model_uuid = "4a1e6b52-3c49-4f0b-8f7e-0d3a7b1c9e10"
}

run "with_nothing_but_a_model" {
  command = plan

  assert {
    condition     = output.app_name == "indico"
    error_message = "the application is called indico"
  }

  assert {
    condition     = output.requires.redis_broker == "redis-broker" && output.provides.metrics_endpoint == "metrics-endpoint"
    error_message = "the endpoints are told by name"
  }
}

run "under_another_name_at_a_revision_of_three_units" {
  command = plan

  variables {
    app_name = "events"
    revision = 7
    units    = 3
    config   = { workers = "5" }
  }

  assert {
    condition     = output.app_name == "events"
    error_message = "the application has the name given"
  }
}

run "refuses_what_cannot_be_deployed" {
  command = plan

  variables {
    model_uuid = "my-model"
    app_name   = "indico-2"
    base       = "ubuntu@20.04"
    units      = 0
    resources  = { image = "x" }
  }

  expect_failures = [var.model_uuid, var.app_name, var.base, var.units, var.resources]
}
