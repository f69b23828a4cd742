#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `make run`: brings the real Indico up on this machine, from whatever is here already.
#
# Steps 1 and 2 are here: what Debian offers, and our own programs. The others are `indico-operator up`, which numbers
# on from there. All options are handed on to it.
set -euo pipefail
cd "$(dirname "$0")/.."

# Two here and those of `indico-operator up`: a test compares.
STEP_TOTAL=11
logs=.build/run
mkdir -p "$logs"
. scripts/progress.sh
. scripts/debian.sh

undo=()
finish() {
    local status=$? action
    # An interrupted step must not leave its command working on unseen.
    [ -z "${step_pid:-}" ] || kill "$step_pid" 2>/dev/null || true
    for action in "${undo[@]}"; do "$action" || true; done
    [ "$step_terminal" = 0 ] || printf '\e[?25h'
    exit "$status"
}
trap finish EXIT
trap 'printf "\n"; exit 130' INT
trap 'exit 143' TERM HUP

step_begin 'System packages' "$logs/packages.log"
install_debian_packages

meter_build() {
    local line
    line=$(tail -c 4000 "$step_log" | tr '\r' '\n' | grep -aoE '^\[[0-9]+/[0-9]+\] .*' | tail -n 1) || return 0
    [[ "$line" =~ ^\[([0-9]+)/([0-9]+)\]\ (.*)$ ]] || return 0
    meter_done=${BASH_REMATCH[1]} meter_total=${BASH_REMATCH[2]} meter_detail="$meter_done/$meter_total ${BASH_REMATCH[3]}"
}

step_begin 'Programs' "$logs/build.log"
command -v swift >/dev/null || step_fail 'there is no Swift toolchain here' \
    'Install Swift 6.2 or newer from https://www.swift.org/install/linux and run this again.'
step_run meter_build swift build -c release --static-swift-stdlib ${JOBS:+-j "$JOBS"} ||
    step_fail 'the programs do not build' 'The compiler says why, above.'
step_end "$(ls .build/release/{pebble,indico-charm,indico-operator,hook-tool,statsd-exporter,celery-exporter} | wc -l) programs"

status=0
.build/release/indico-operator up --step-offset "$step_number" --step-total "$STEP_TOTAL" "$@" || status=$?
exit "$status"
