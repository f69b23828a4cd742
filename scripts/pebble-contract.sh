#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Replays the recorded Pebble contract against a pebble binary: scripts/pebble-contract.sh [BINARY] [OPTIONS of replay].
# First its command lines, then its API; exits with 0 when no command line differs, and of the API nothing but free text
# (--strict makes that count too).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/pebble-binary.sh
python3 contracts/pebble/cli.py replay --bin "$binary"
exec python3 contracts/pebble/conformance.py replay --bin "$binary" "$@"
