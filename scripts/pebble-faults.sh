#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kills a pebble daemon at any moment, fills its disk, turns its clock: scripts/pebble-faults.sh [BINARY] [OPTIONS of
# faults.py]. In a cage (scripts/cage.sh) where there can be one: only there is a disk small enough to be filled.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=.build/debug/pebble
if [[ $# -gt 0 && $1 != -* ]]; then
    binary=$1
    shift
fi
[[ -x $binary ]] || {
    echo "there is no $binary: build it first, with 'swift build --product pebble'" >&2
    exit 2
}
faults=(python3 Tests/PebbleHostile/faults.py --bin "$(realpath "$binary")")
status=0
scripts/cage.sh "${faults[@]}" "$@" || status=$?
[[ $status = 77 ]] || exit "$status"
exec "${faults[@]}" "$@"
