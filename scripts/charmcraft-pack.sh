#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Has Canonical's charmcraft pack the charm by its own parts, in a bare Ubuntu made by debootstrap, and compares the archive
# with the one of `make charm`. For root; takes debootstrap, Swift here, and ten minutes. What is committed is packed.
#
# charmcraft otherwise makes a virtual machine or an LXD container to pack in; --destructive-mode packs where it is called,
# and that is a root file system of its own here, which is gone afterwards.
#
#   scripts/charmcraft-pack.sh [--keep] [22.04|24.04] [dist/indico_amd64.charm]
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    echo "charmcraft-pack: $*" >&2
    exit 1
}
keep=no
[ "${1:-}" != --keep ] || { keep=yes && shift; }
base=24.04
case ${1:-} in 22.04 | 24.04) base=$1 && shift ;; esac
case $base in 22.04) suite=jammy ;; 24.04) suite=noble ;; esac
charm=$(realpath -e "${1:-dist/indico_$(dpkg --print-architecture).charm}") || fail 'no charm to compare with: make charm'
[ "$(id -u)" = 0 ] || fail 'only root can make a root file system'
for program in debootstrap swift; do command -v "$program" >/dev/null || fail "there is no $program here"; done
swift=$(readlink -f "$(command -v swift)")
swift=${swift%/usr/bin/*}
mirror=${UBUNTU_MIRROR:-http://archive.ubuntu.com/ubuntu}
version=$(sed -n 's/^version=//p' scripts/charmcraft.sh)

place=$(mktemp -d /var/tmp/indico-pack.XXXXXX)
root=$place/root
finish() {
    local status=$?
    if awk -v below="$place/" 'index($5, below) == 1 { found = 1 } END { exit !found }' /proc/self/mountinfo; then
        echo "charmcraft-pack: something is mounted below $place: nothing is removed" >&2
    elif [ "$keep" = yes ]; then
        echo "charmcraft-pack: left in $place"
    else
        case $place in /var/tmp/indico-pack.??????) rm -r --one-file-system -- "$place" ;; esac
    fi
    exit "$status"
}
trap finish EXIT

# Processes end with the namespace, and mounts are the namespace's own. Git may take packages from where this machine does.
mirrors=$(git config --get-regexp '^url\..*\.insteadof$' | sed -nE 's/^url\.(\/.*)\.insteadof .*/\1/p' | sort -u)
inside() {
    MIRRORS=$mirrors SWIFT=$swift unshare --mount --pid --uts --ipc --fork --kill-child bash -euo pipefail -c '
        root=$1; shift
        mount --make-rprivate /
        mount -t proc proc "$root/proc"
        mount -t tmpfs tmpfs "$root/run"
        mount --rbind /dev "$root/dev"
        for directory in "$SWIFT" $MIRRORS; do
            mkdir -p "$root$directory"
            mount --bind --read-only "$directory" "$root$directory"
        done
        exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive ${JOBS:+JOBS="$JOBS"} \
            PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$SWIFT/usr/bin" "$@"' bash "$root" "$@"
}

keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg
trust=(--keyring="$keyring")
if [ ! -e "$keyring" ]; then
    echo "charmcraft-pack: there is no $keyring, so that the packages' signatures are not looked at" >&2
    trust=(--no-check-gpg)
fi
echo "== a bare Ubuntu $base"
debootstrap --variant=minbase "${trust[@]}" "$suite" "$root" "$mirror" /usr/share/debootstrap/scripts/gutsy >"$place/log" 2>&1 ||
    fail "no Ubuntu: $(tail -n 1 "$place/log")"
for pocket in "$suite" "$suite-updates"; do echo "deb $mirror $pocket main universe"; done >"$root/etc/apt/sources.list"
for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
    [ ! -f "$file" ] || ! grep -qE '^ *Acquire::' "$file" || cp "$file" "$root/etc/apt/apt.conf.d/"
done
[ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$root/etc/pip.conf"
cp /etc/resolv.conf "$root/etc/resolv.conf"
mkdir -p "$root/usr/local/share/ca-certificates"
cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
git config --get-regexp '^url\..*\.insteadof$' | while read -r name value; do
    git config --file "$root/etc/gitconfig" --add "$name" "$value"
done
git config --file "$root/etc/gitconfig" safe.directory '*'

# g++ brings what Swift links programs with; python3-apt is not on PyPI, and charmcraft installs build packages by it.
inside apt-get -q update >>"$place/log" 2>&1 || fail "apt-get: $(tail -n 3 "$place/log")"
inside apt-get -qy install --no-install-recommends ca-certificates git g++ python3-apt python3-pip python3-venv sudo \
    libcurl4 libedit2 libncurses6 libxml2 zlib1g >>"$place/log" 2>&1 || fail "apt-get: $(tail -n 3 "$place/log")"
inside update-ca-certificates >>"$place/log" 2>&1
inside python3 -m venv --system-site-packages /opt/charmcraft
inside /opt/charmcraft/bin/pip install --quiet --disable-pip-version-check "charmcraft==$version"
git clone --quiet --no-hardlinks . "$root/root/project"

echo "== charmcraft $version packs"
inside sh -c 'cd /root/project && /opt/charmcraft/bin/charmcraft pack --destructive-mode --platform "ubuntu@$1:amd64"' sh "$base" \
    >>"$place/log" 2>&1 || fail "$(tail -n 20 "$place/log")"
packed=$(echo "$root"/root/project/indico_*.charm)
echo '== the two archives'
.build/charmcraft/bin/python scripts/charmcraft_archives.py "$charm" "$packed"
