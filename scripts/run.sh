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
    # Whatever ends a script without a word is a mistake of ours, and must not look like a success or a riddle.
    [ "$status" = 0 ] || [ -n "$step_told" ] ||
        printf "\nerror: step '%s' ended unexpectedly with %d\n       bash -x %s shows where.\n" "$step_name" "$status" "$0" >&2
    exit "$status"
}
trap finish EXIT
trap 'step_told=yes; printf "\n"; exit 130' INT
trap 'step_told=yes; exit 143' TERM HUP

step_begin 'System packages' "$logs/packages.log"
install_debian_packages

products=(pebble indico-charm indico-operator hook-tool statsd-exporter celery-exporter)
stamp=.build/run/programs.stamp

# What the programs are made from; equal means there is nothing to build.
fingerprint() {
    { swift --version 2>/dev/null; find Sources Package.swift -type f -print0 | sort -z | xargs -0 sha256sum; } | sha256sum
}
# The versions of what we depend on: a fresh clone has none until the build has chosen them.
dependencies() { sha256sum Package.resolved 2>/dev/null || echo none; }

build_products() { scripts/build-release.sh "${products[@]}"; }

meter_build() {
    local text line index
    text=$(tr '\r' '\n' <"$step_log" | grep -aE '^(== |\[[0-9]+/[0-9]+\] )') || return 0
    index=$(grep -c '^== ' <<<"$text") || return 0
    line=${text##*$'\n'}
    meter_total=$((${#products[@]} * 100)) meter_done=$(((index - 1) * 100))
    meter_detail=${products[index - 1]}
    [[ "$line" =~ ^\[([0-9]+)/([0-9]+)\]\ (.*)$ ]] || return 0
    meter_done=$((meter_done + 100 * BASH_REMATCH[1] / BASH_REMATCH[2]))
    meter_detail+=" ${BASH_REMATCH[1]}/${BASH_REMATCH[2]} ${BASH_REMATCH[3]}"
}

built() {
    local product
    for product in "${products[@]}"; do [ -x ".build/release/$product" ] || return 1; done
    [ "$(cat "$stamp" 2>/dev/null)" = "$(fingerprint; dependencies)" ]
}

step_begin 'Programs' "$logs/build.log"
command -v swift >/dev/null || step_fail 'there is no Swift toolchain here' \
    'Install Swift 6.2 or newer from https://www.swift.org/install/linux and run this again.'
if built; then
    step_end "${#products[@]} programs, as built before"
else
    rm -f "$stamp"
    print=$(fingerprint)
    step_run meter_build build_products || step_fail 'the programs do not build' 'The compiler says why, above.'
    { printf '%s\n' "$print" && dependencies; } >"$stamp"
    step_end "${#products[@]} programs"
fi

status=0
.build/release/indico-operator up --step-offset "$step_number" --step-total "$STEP_TOTAL" "$@" || status=$?
step_told=yes
exit "$status"
