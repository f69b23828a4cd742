#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Replays the recorded Pebble contract against a pebble binary: scripts/pebble-contract.sh [BINARY] [OPTIONS of replay].
# Exits with 0 when nothing but free text differs; --strict makes that count too.
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
exec python3 contracts/pebble/conformance.py replay --bin "$binary" "$@"
