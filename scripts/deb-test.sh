#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs, upgrades, removes and purges the Debian package in a bare Debian 12 made by debootstrap, and compares what is
# there before and after. For root; takes debootstrap, and some hundred megabytes of packages from Debian.
#
#   scripts/deb-test.sh          the package in dist/
#   scripts/deb-test.sh --up     and brings Indico up from it, on this machine's network: its ports must be free
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    echo "deb-test: $*" >&2
    exit 1
}
[ "$(id -u)" = 0 ] || fail 'only root can make a root file system'
up=no
[ "${1:-}" != --up ] || up=yes
package=$(realpath -e dist/indico-operator_*_"$(dpkg --print-architecture)".deb) || fail "no package in dist/: make deb"
[ "$(wc -l <<<"$package")" = 1 ] || fail "more than one package is in dist/"

place=$(mktemp -d /var/tmp/indico-deb.XXXXXX)
chmod 755 "$place"
root=$place/root
finish() {
    local status=$?
    if awk -v below="$place/" 'index($5, below) == 1 { found = 1 } END { exit !found }' /proc/self/mountinfo; then
        echo "deb-test: something is mounted below $place: nothing is removed" >&2
        exit 1
    fi
    case $place in /var/tmp/indico-deb.??????) rm -r --one-file-system -- "$place" ;; esac
    exit "$status"
}
trap finish EXIT

# Processes of the chroot end with the namespace, and mounts are the namespace's own.
inside() {
    unshare --mount --pid --uts --ipc --fork --kill-child sh -c '
        root=$1; shift
        mount --make-rprivate / && mount -t proc proc "$root/proc" && mount -t tmpfs tmpfs "$root/run" &&
            mount --rbind /dev "$root/dev" && mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" &&
            exec chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
                DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 "$@"' sh "$root" "$@"
}
say() { printf '\n== %s\n' "$*"; }
# Every path and every account; what dpkg and apt write of their own work is theirs.
inventory() {
    (cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path ./tmp -o -path ./srv/package \
        -o -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/cache -o -path ./var/log \) -prune -o -print | sort)
    cut -d: -f1 "$root/etc/passwd" "$root/etc/group" | sort | sed 's/^/account /'
}

say 'a bare Debian 12'
mirror=${DEBIAN_MIRROR:-http://deb.debian.org}
debootstrap --variant=minbase bookworm "$root" "$mirror/debian" >"$place/debootstrap.log" 2>&1 || fail "$(tail -n 1 "$place/debootstrap.log")"
for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
    [ ! -f "$file" ] || ! grep -qE '^ *Acquire::' "$file" || cp "$file" "$root/etc/apt/apt.conf.d/"
done
[ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$root/etc/pip.conf"
cp /etc/resolv.conf "$root/etc/resolv.conf"
mkdir -p "$root/usr/local/share/ca-certificates" "$root/srv/package"
find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$root/usr/local/share/ca-certificates/" \;
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
cp "$package" "$root/srv/package/"
# The next version, for the upgrade: the same with another number.
version=$(dpkg-deb --field "$package" Version)
dpkg-deb --raw-extract "$package" "$place/next"
sed -i "s/^Version: .*/Version: $version.next/" "$place/next/DEBIAN/control"
dpkg-deb --root-owner-group -Zgzip -z1 --build "$place/next" "$root/srv/package/next.deb" >/dev/null
rm -r "$place/next"

say 'what it depends on'
inside apt-get update >"$place/apt.log" 2>&1
depends=$(dpkg-deb --field "$package" Depends | sed -E 's/ *\|[^,]*//g; s/ *\([^)]*\)//g; s/,/ /g')
# shellcheck disable=SC2086
inside apt-get -y install --no-install-recommends man-db $depends >>"$place/apt.log" 2>&1 || fail "$(tail -n 5 "$place/apt.log")"
inside update-ca-certificates >/dev/null 2>&1
inventory >"$place/before"

say 'install'
inside apt-get -y install --no-install-recommends "/srv/package/${package##*/}" | tail -n 3
inside indico-operator --version
inside dpkg --verify indico-operator
inside sh -c 'man --path indico-operator indico-operator-up && man --warnings indico-operator-up 2>&1 >/dev/null | head -n 3' | tee "$place/man"
[ "$(wc -l <"$place/man")" = 2 ] || fail 'the manual pages have warnings'
inside bash -n /usr/share/bash-completion/completions/indico-operator
echo '# mine' >>"$root/etc/default/indico-operator"

if [ "$up" = yes ]; then
    say 'up'
    inside sh -c 'indico-operator up && indico-operator status && indico-operator --version && ls -l /usr/local/bin && indico-operator down'
fi

say 'upgrade'
inside apt-get -y install --no-install-recommends /srv/package/next.deb | tail -n 2
[ "$(inside dpkg-query --show --showformat '${Version}' indico-operator)" = "$version.next" ] || fail 'it was not upgraded'
grep -q '^# mine' "$root/etc/default/indico-operator" || fail 'the settings were overwritten'

say 'remove'
inside apt-get -y remove indico-operator | tail -n 2
[ ! -e "$root/usr/bin/indico-operator" ] || fail 'the command is still there'
[ -e "$root/etc/default/indico-operator" ] || fail 'the settings are gone before the purge'
[ "$up" = no ] || [ -e "$root/var/lib/indico-operator/.indico-operator" ] || fail 'the conferences are gone before the purge'

say 'install again, purge'
inside apt-get -y install --no-install-recommends /srv/package/next.deb | tail -n 1
inside apt-get -y purge indico-operator | tail -n 3
if [ "$up" = yes ]; then
    [ -e "$root/var/lib/indico-operator/.indico-operator" ] || fail 'the purge took the conferences'
    inside /var/lib/indico-operator/bin/indico-operator destroy --yes | tail -n 2
fi
inventory >"$place/after"
diff "$place/before" "$place/after" && echo 'nothing is left behind, and nothing else is gone' || fail 'purge left this behind, or took it'
inside dpkg --audit
echo
echo "deb-test: ${package##*/} installs, upgrades, removes and purges cleanly$([ "$up" = no ] || echo ', Indico up and down in between')"
