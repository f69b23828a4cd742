#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Units in pods, on an installation of its own: up, the faults of scripts/pods.py under load, podman's own round trip
# through a Kubernetes file, down, up again, destroy. For root; takes the images of `make images`, and podman, runc,
# netavark, aardvark-dns, catatonit, iptables, buildah and iproute2 from Debian.
#
#   scripts/pods.sh [--keep] [--port PORT] [--rate RATE] [--only NAME,...]
#
# --keep leaves the installation; --port is where visitors come in, 8080 unless given. Everything said is kept in
# .build/pods. Where CONTAINERS_STORAGE_CONF says so, podman's images are elsewhere.
set -euo pipefail
cd "$(dirname "$0")/.."
keep=no port=8080 arguments=()
while [ $# -gt 0 ]; do
    case $1 in
        --keep) keep=yes ;;
        --port) port=$2; shift ;;
        --rate | --only) arguments+=("$1" "$2"); shift ;;
        *) sed -n '/^#   /{s/^# *//;p}' "$0" >&2; exit 2 ;;
    esac
    shift
done

programs=$PWD/.build/release
results=$PWD/.build/pods
mkdir -p "$results"
place=$(mktemp -d /var/tmp/indico-pods.XXXXXX)
chmod 755 "$place"
state=$place/s
began=$SECONDS
operator() { "$programs/indico-operator" "$@" --state-dir "$state"; }

finish() {
    local status=$?
    trap - EXIT INT TERM
    if [ -d "$state" ]; then
        if [ "$status" != 0 ]; then
            operator status >"$results/status.txt" 2>&1 || true
            for unit in "$state"/pods/indico-*; do cp "$unit/agent/debug.log" "$results/${unit##*/}.log" 2>/dev/null || true; done
            cp "$state/log/pods.log" "$results/controller.log" 2>/dev/null || true
        fi
        if [ "$keep" = yes ]; then
            echo "left in place: indico-operator --state-dir $state"
        else
            operator destroy --yes >"$results/cleanup.log" 2>&1 || echo "what is left is in $state; $results/cleanup.log says why" >&2
        fi
    fi
    case $place in /var/tmp/indico-pods.??????) [ -d "$state" ] || rm -r -- "$place" ;; esac
    printf '\npods: %s after %d min %02d s\n' "$([ "$status" = 0 ] && echo passed || echo FAILED)" \
        $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60))
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

operator up --substrate podman --units 1 --port "$port" 2>&1 | tee "$results/up.log"
# The settings of podman that the installation was made with: networks of its own.
export CONTAINERS_CONF=$state/pods/containers.conf
operator status
scripts/pods.py "$state" "${arguments[@]}" 2>&1 | tee "$results/faults.txt"

echo '== podman generate kube, podman play kube'
scripts/pods_kube.sh "$state" "$results"

echo '== several units without one place for attachments'
operator up --units 2 --no-shared-attachments >"$results/blocked.log" 2>&1 || true
grep -q 'need one place for attachments' "$results/blocked.log" || { cat "$results/blocked.log" >&2; exit 1; }
echo 'refused, with the reason'
operator up --units 1 --shared-attachments >"$results/unblocked.log" 2>&1

echo '== down and up'
operator down
[ -z "$(podman ps --all --quiet --filter "label=indico-operator=$state")" ]
operator up
operator status
