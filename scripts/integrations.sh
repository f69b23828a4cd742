#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Indico with the servers of others: mail, S3, OpenID Connect, SAML, and TLS at the front door; then what is promised of
# sessions and tasks. A fresh installation, the servers beside it, Tests/Integrations on it, then nothing is left of it.
#
#   scripts/integrations.sh [--keep | --on DIRECTORY] [STEP...]
#
# STEP is the name of one of the steps in Tests/Integrations; without any all are made. DIRECTORY is the state directory of
# an installation that is up: it is used as it is, and stays.
# The programs have to be built already: `make run` or scripts/build-release.sh does that; PROGRAMS is where they are,
# .build/release. Indico's ports must be free.
set -euo pipefail
cd "$(dirname "$0")/.."

programs=${PROGRAMS:-.build/release}
[ -x "$programs/indico-operator" ] || { echo "integrations: $programs/indico-operator is not built" >&2; exit 1; }
results=$PWD/.build/integrations
mkdir -p "$results"
given=
case ${1:-} in
--keep) keep=yes; shift ;;
--on) given=${2:?--on takes a state directory}; shift 2 ;;
esac
# Not below a home: as root the workload runs as a user of its own, who must be able to get there.
place=$(mktemp -d /var/tmp/indico-int.XXXXXX)
chmod 755 "$place"
state=${given:-$place/state}
began=$SECONDS

finish() {
    local status=$?
    trap - EXIT INT TERM
    if [ "$status" != 0 ] && [ -d "$state" ]; then
        "$programs/indico-operator" status --state-dir "$state" >"$results/status.txt" 2>&1 || true
        cp "$state/agent/debug.log" "$results/" 2>/dev/null || true
        cp -r "$state/root/srv/indico/log" "$results/indico-log" 2>/dev/null || true
    fi
    if [ "${keep:-}" = yes ]; then
        echo "left in $place"
    else
        [ -n "$given" ] || [ ! -d "$state" ] || "$programs/indico-operator" destroy --yes --state-dir "$state" >"$results/cleanup.log" 2>&1 ||
            echo "what is left of the installation is in $state; $results/cleanup.log says why" >&2
        case $place in /var/tmp/indico-int.??????) [ -d "$place/state" ] || rm -r -- "$place" ;; esac
    fi
    printf 'integrations: %s after %d min %02d s\n' "$([ "$status" = 0 ] && echo passed || echo FAILED)" \
        $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60))
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The servers are fetched while Indico is.
providers() {
    local mark=$results/venv/.complete wanted=packaging/requirements-integrations.txt
    cmp -s "$wanted" "$mark" && return
    rm -rf -- "$results/venv"
    python3 -m venv "$results/venv"
    "$results/venv/bin/pip" install --quiet --no-input --disable-pip-version-check --no-deps --requirement "$wanted"
    cp "$wanted" "$mark"
}
providers &
fetching=$!
[ -n "$given" ] || "$programs/indico-operator" up --state-dir "$state" 2>&1 | tee "$results/up.log"
wait "$fetching"
mkdir "$place/scratch"
"$results/venv/bin/python" -B Tests/Integrations/run.py --programs "$programs" --state-dir "$state" \
    --scratch "$place/scratch" "$@" 2>&1 | tee "$results/run.log"
