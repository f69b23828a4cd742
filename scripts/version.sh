#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the version of this checkout as its Git tag tells it: 1.2.3 at the tag v1.2.3, 1.2.3+4.g0123abc four commits
# later, 0.1.0-dev.4+g0123abc before any tag; `.dirty` is added when files that count have changed.
#
#   scripts/version.sh             as `--version` shows it
#   scripts/version.sh --debian    as dpkg compares it
#   scripts/version.sh --time      when that commit was made, in seconds: the date of everything in a release
set -euo pipefail
cd "$(dirname "$0")/.."

inside_git() { [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$PWD" ]; }

version() {
    local described
    inside_git || { echo 0.1.0-dev; return; }
    if described=$(git describe --tags --long --abbrev=7 --match 'v[0-9]*' 2>/dev/null); then
        # v1.2.3-4-g0123abc
        local hash=${described##*-} rest=${described%-*}
        local tag=${rest%-*} distance=${rest##*-}
        described=${tag#v}
        [ "$distance" = 0 ] || described+="+$distance.$hash"
    else
        described=0.1.0-dev.$(git rev-list --count HEAD)+g$(git rev-parse --short=7 HEAD)
    fi
    if [ -n "$(git status --porcelain --untracked-files=no)" ]; then
        case $described in *+*) described+=.dirty ;; *) described+=+dirty ;; esac
    fi
    echo "$described"
}

case ${1:-} in
    '') version ;;
    # What comes before 1.2.3 has a tilde there.
    --debian) version | sed 's/-/~/' ;;
    --time) if inside_git; then git log -1 --format=%ct; else stat -c %Y Package.swift; fi ;;
    *)
        sed -n '/^# Prints/,/^set /{/^# \{0,1\}/{s///;p}}' "$0" >&2
        exit 2
        ;;
esac
