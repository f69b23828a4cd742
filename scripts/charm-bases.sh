#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts the packed charm in every base its manifest names: in Ubuntu's own packages, made by debootstrap, with nothing
# installed besides. For root; takes debootstrap and unzip.
#
#   scripts/charm-bases.sh [dist/indico_amd64.charm]
set -euo pipefail
cd "$(dirname "$0")/.."
charm=$(realpath -e "${1:-dist/indico_amd64.charm}")
keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg
mirror=${UBUNTU_MIRROR:-http://archive.ubuntu.com/ubuntu}

fail() {
    echo "charm-bases: $*" >&2
    exit 1
}

[ "$(id -u)" = 0 ] || fail 'only root can make a root file system'
for program in debootstrap unzip; do command -v "$program" >/dev/null || fail "there is no $program here"; done
trust=(--keyring="$keyring")
if [ ! -e "$keyring" ]; then
    echo "charm-bases: there is no $keyring, so that the packages' signatures are not looked at" >&2
    trust=(--no-check-gpg)
fi

place=$(mktemp -d /var/tmp/indico-bases.XXXXXX)
trap 'case $place in /var/tmp/indico-bases.??????) rm -r --one-file-system -- "$place" ;; esac' EXIT

# Swift reads its arguments from /proc.
inside() { unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" chroot "$root" "$@"; }

while read -r channel; do
    case $channel in
        22.04) suite=jammy ;;
        24.04) suite=noble ;;
        *) fail "no suite is known for the base $channel" ;;
    esac
    root=$place/$suite
    # Every suite of Ubuntu is made by the same script, whose name is the first one's.
    debootstrap --variant=minbase "${trust[@]}" "$suite" "$root" "$mirror" /usr/share/debootstrap/scripts/gutsy \
        >"$place/$suite.log" 2>&1 || { tail -n 5 "$place/$suite.log" >&2; fail "no $suite"; }
    mkdir "$root/charm"
    unzip -q "$charm" -d "$root/charm"
    # The mode is in the archive; Juju keeps it.
    [ -x "$root/charm/dispatch" ] || fail 'dispatch is not executable'
    echo "== $suite: $(sed -n 's/^PRETTY_NAME=//p' "$root/etc/os-release"), glibc $(chroot "$root" ldd --version | sed -n '1s/.* //p')"
    inside ldd /charm/dispatch
    # Every symbol is bound at once, so that a missing one is seen.
    inside /usr/bin/env LD_BIND_NOW=1 /charm/dispatch --version
    # As Juju calls it, and with an agent that is not there: the charm itself must be what says so.
    status=0
    inside /usr/bin/env -i LD_BIND_NOW=1 JUJU_DISPATCH_PATH=hooks/install JUJU_UNIT_NAME=indico/0 \
        JUJU_MODEL_NAME=test JUJU_CHARM_DIR=/charm CHARM_DIR=/charm /charm/dispatch >"$place/words" 2>&1 || status=$?
    cat "$place/words"
    [ "$status" -gt 0 ] && [ "$status" -lt 126 ] || fail "without an agent it ended with $status"
done < <(unzip -p "$charm" manifest.yaml | sed -n "s/^ *channel: '\(.*\)'/\1/p")
echo 'charm-bases: the charm runs in all of them'
