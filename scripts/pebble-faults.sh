#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kills a pebble daemon at any moment, fills its disk, turns its clock: scripts/pebble-faults.sh [BINARY] [OPTIONS of
# faults.py]. In a cage (scripts/cage.sh) where there can be one: only there is a disk small enough to be filled.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/pebble-binary.sh
faults=(python3 Tests/PebbleHostile/faults.py --bin "$(realpath "$binary")")
status=0
scripts/cage.sh "${faults[@]}" "$@" || status=$?
[[ $status = 77 ]] || exit "$status"
exec "${faults[@]}" "$@"
