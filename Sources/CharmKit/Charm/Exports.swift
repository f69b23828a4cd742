// SPDX-License-Identifier: Apache-2.0

// A charm's author handles events, layers and what Pebble answers as a matter of course; one import brings them all.
@_exported public import HookProtocol
@_exported public import PebbleAPI
@_exported public import PebblePlan
