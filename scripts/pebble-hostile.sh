#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Attacks a pebble daemon with what no good client sends: scripts/pebble-hostile.sh [BINARY] [OPTIONS of hostile.py].
# In a cage (scripts/cage.sh), as the API removes files and runs commands for whoever may; where there can be none, as
# nobody and without what touches files.
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
attack=(python3 Tests/PebbleHostile/hostile.py --bin "$(realpath "$binary")")
status=0
scripts/cage.sh "${attack[@]}" --caged "$@" || status=$?
[[ $status = 77 ]] || exit "$status"
echo "pebble-hostile: no cage, so without attacks on files" >&2
if [[ $(id -u) = 0 ]]; then
    exec setpriv --reuid=65534 --regid=65534 --clear-groups "${attack[@]}" "$@"
fi
exec "${attack[@]}" "$@"
