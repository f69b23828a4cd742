# SPDX-License-Identifier: Apache-2.0

mock_provider "juju" {}

variables {
  model_uuid = "4a1e6b52-3c49-4f0b-8f7e-0d3a7b1c9e10"
  site_url   = "https://events.example.com"
}

run "everything" {
  command = plan

  assert {
    condition = output.app_names == {
      indico       = "indico"
      postgresql   = "postgresql-k8s"
      redis_broker = "redis-broker"
      redis_cache  = "redis-cache"
      ingress      = "nginx-ingress-integrator"
      s3           = null
    }
    error_message = "five applications are deployed"
  }

  assert {
    condition     = output.requires.smtp == "smtp" && !contains(keys(output.requires), "database")
    error_message = "what is related already is not offered again"
  }
}

run "without_a_way_in_of_ours" {
  command = plan

  variables {
    ingress = null
    indico  = { app_name = "events", units = 3, config = { workers = "5" }, storage = { attachments = "nfs,20G" } }
  }

  assert {
    condition     = output.app_names.ingress == null && output.app_names.indico == "events"
    error_message = "no ingress is deployed"
  }
}

run "several_units_with_a_bucket" {
  command = plan

  variables {
    indico = { units = 2 }
    s3     = { config = { bucket = "indico" } }
  }

  assert {
    condition     = output.app_names.s3 == "s3-integrator" && !contains(keys(output.requires), "s3")
    error_message = "the bucket is told to Indico"
  }
}

run "refuses_several_units_without_a_place_for_attachments" {
  command = plan

  variables {
    indico = { units = 2 }
  }

  expect_failures = [output.app_names]
}

run "refuses_what_would_not_serve" {
  command = plan

  variables {
    site_url = "events.example.com/indico"
    redis    = { broker_name = "redis", cache_name = "redis" }
    indico   = { config = { site_url = "https://other.example.com" } }
  }

  expect_failures = [var.site_url, var.redis, var.indico]
}
