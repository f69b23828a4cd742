#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Attacks a pebble daemon with what no good client sends: scripts/pebble-hostile.sh [BINARY] [OPTIONS of hostile.py].
# In a cage (scripts/cage.sh), as the API removes files and runs commands for whoever may; where there can be none, as
# nobody and without what touches files.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/pebble-binary.sh
attack=(python3 Tests/PebbleHostile/hostile.py --bin "$(realpath "$binary")")
status=0
scripts/cage.sh "${attack[@]}" --caged "$@" || status=$?
[[ $status = 77 ]] || exit "$status"
echo "pebble-hostile: no cage, so without attacks on files" >&2
if [[ $(id -u) = 0 ]]; then
    exec setpriv --reuid=65534 --regid=65534 --clear-groups "${attack[@]}" "$@"
fi
exec "${attack[@]}" "$@"
