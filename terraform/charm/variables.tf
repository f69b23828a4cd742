# SPDX-License-Identifier: Apache-2.0

variable "model_uuid" {
  description = "UUID of the Juju model to deploy into, on Kubernetes."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.model_uuid))
    error_message = "model_uuid is the model's UUID; \"juju show-model\" tells it."
  }
}

variable "app_name" {
  description = "Name of the application in the model."
  type        = string
  default     = "indico"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]*[a-z][a-z0-9]*)*$", var.app_name))
    error_message = "app_name has small letters, digits and hyphens; Juju takes no part of digits alone after a hyphen."
  }
}

variable "charm_name" {
  description = "Name of the charm on Charmhub."
  type        = string
  default     = "indico"
}

variable "channel" {
  description = "Channel of the charm on Charmhub."
  type        = string
  default     = "latest/edge"
}

variable "revision" {
  description = "Revision of the charm; null is the newest of the channel. A revision of one's own is tested before it is rolled out."
  type        = number
  default     = null
}

variable "base" {
  description = "Base the charm runs on."
  type        = string
  default     = "ubuntu@24.04"

  validation {
    condition     = contains(["ubuntu@22.04", "ubuntu@24.04"], var.base)
    error_message = "base is ubuntu@22.04 or ubuntu@24.04."
  }
}

variable "config" {
  description = "Options of the charm; docs/reference/options.md lists them."
  type        = map(string)
  default     = {}
}

variable "constraints" {
  description = "Constraints of the application, such as \"mem=4G\"."
  type        = string
  default     = null
}

variable "resources" {
  description = "Images by resource, \"indico-image\" and \"indico-nginx-image\": a reference to an image, or a revision on Charmhub."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.resources), ["indico-image", "indico-nginx-image"])) == 0
    error_message = "The charm has two resources: indico-image and indico-nginx-image."
  }
}

variable "storage_directives" {
  description = "Storage directives by name of the storage."
  type        = map(string)
  default     = {}
}

variable "units" {
  description = "How many units serve."
  type        = number
  default     = 1

  validation {
    condition     = var.units >= 1 && floor(var.units) == var.units
    error_message = "units is a whole number, 1 or more."
  }
}
