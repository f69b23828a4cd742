#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The end-to-end test: a fresh installation by `make run`'s own script, then Tests/EndToEndTests on it, then nothing is
# left of it. Everything said and every time taken is kept in .build/e2e.
#
# The tests have to be built already: `make test` does that.
set -euo pipefail
cd "$(dirname "$0")/.."

results=$PWD/.build/e2e
rm -rf -- .build/e2e
mkdir -p "$results"
# Not below a home: as root the workload runs as a user of its own, who must be able to get there. /tmp may be small.
place=$(mktemp -d /var/tmp/indico-e2e.XXXXXX)
chmod 755 "$place"
state=$place/state
began=$SECONDS

finish() {
    local status=$?
    trap - EXIT INT TERM
    if [ -d "$state" ]; then
        # What the daemons said, for whoever looks into a failure.
        [ "$status" = 0 ] || keep_evidence
        .build/release/indico-operator destroy --yes --state-dir "$state" >>"$results/cleanup.log" 2>&1 ||
            echo "what is left of the installation is in $state; $results/cleanup.log says why" >&2
    fi
    case $place in /var/tmp/indico-e2e.??????) [ -d "$state" ] || rm -r -- "$place" ;; esac
    printf '\nend to end: %s after %d min %02d s; log and timings are in .build/e2e\n' \
        "$([ "$status" = 0 ] && echo passed || echo FAILED)" $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60))
    exit "$status"
}

keep_evidence() {
    .build/release/indico-operator status --state-dir "$state" >"$results/status.txt" 2>&1 || true
    .build/release/indico-operator logs -n 2000 --state-dir "$state" >"$results/services.log" 2>&1 || true
    cp "$state/agent/debug.log" "$results/debug.log" 2>/dev/null || true
    cp "$state/log/supervisor.log" "$results/supervisor.log" 2>/dev/null || true
    cp -r "$state/root/srv/indico/log" "$results/indico-log" 2>/dev/null || true
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "end to end: a fresh installation in $state"
scripts/run.sh --state-dir "$state" 2>&1 | tee "$results/up.log"
printf '%d\tok\tup from nothing\n' $((SECONDS - began)) >"$results/up-timing.tsv"

INDICO_E2E=1 INDICO_E2E_STATE=$state INDICO_E2E_RESULTS=$results INDICO_E2E_SCRATCH=$place \
    INDICO_E2E_PROGRAMS=$PWD/.build/release \
    swift test --skip-build --filter EndToEndTests 2>&1 | tee "$results/swift-test.log"
