#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Proves the README's first command where there is nothing: in a bare Debian 12 made by debootstrap, with Swift, Git and
# make, in namespaces of its own. What is done there is scripts/bare-debian-inside.sh. For root; takes about 20 minutes.
#
#   scripts/bare-debian.sh              makes such a root, goes through everything in it, and removes it
#   scripts/bare-debian.sh --keep       the same, and leaves it
#   scripts/bare-debian.sh --in DIR     goes on in one that was left, with what is committed now, and leaves it
#   scripts/bare-debian.sh [--in DIR] [--systemd] -- COMMAND...    runs just this in it; by systemd, if asked for
#
# The network is reached as this machine does it: resolver, apt's and pip's configuration, certificates and Git's
# rewritten addresses are taken along. Where slirp4netns is installed, ports are its own; else Indico's must be free.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    printf 'bare-debian: %s\n' "$*" >&2
    exit 1
}

# Runs as the first process of the new namespaces, still on this machine's files: mounts, and becomes what is asked.
if [ "${1:-}" = --enter ]; then
    root=$2 systemd=$3 toolchain=$4 own_network=$5
    shift 5
    mount --make-rprivate /
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    # The kernel is this machine's: nothing in there may set it, as a booting systemd would.
    for name in sys sysrq-trigger irq bus; do
        [ -e "$root/proc/$name" ] || continue
        mount --bind "$root/proc/$name" "$root/proc/$name"
        mount -o remount,bind,ro "$root/proc/$name"
    done
    mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
    mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
    mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
    while read -r name major minor; do mknod -m 666 "$root/dev/$name" c "$major" "$minor"; done <<'DEVICES'
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
DEVICES
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/dev/shm"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    for name in 0:stdin 1:stdout 2:stderr; do ln -s "fd/${name%:*}" "$root/dev/${name#*:}"; done
    [ "$systemd" = no ] || mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    # What is brought from this machine, at the same place: the toolchain, and where Git's addresses lead.
    { echo "$toolchain" && git config --get-regexp '^url\..*\.insteadof$' | sed -E 's/^url\.(.*)\.insteadof .*/\1/'; } |
        sort -u | while read -r name; do
        [ -d "$name" ] || continue
        mkdir -p "$root/$name"
        mount --bind "$name" "$root/$name"
        mount -o remount,bind,ro "$root/$name"
    done
    ip link set lo up 2>/dev/null || true
    if [ "$own_network" = yes ]; then
        until grep -q '^tap0' /proc/net/route; do sleep 0.1; done
        echo 'nameserver 10.0.2.3' >"$root/etc/resolv.conf"
    else
        cat /etc/resolv.conf >"$root/etc/resolv.conf"
    fi
    hostname bare
    cd "$root"
    pivot_root . .
    umount -l .
    variables=(HOME=/root LANG=C.UTF-8 "TERM=${TERM:-dumb}" "PATH=$toolchain/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    for name in http_proxy https_proxy no_proxy; do [ -z "${!name:-}" ] || variables+=("$name=${!name}"); done
    [ "$systemd" = no ] || variables+=(container=bare-debian)
    exec chroot . /usr/bin/setpriv --bounding-set=-sys_module,-sys_rawio,-sys_time,-syslog,-mac_admin \
        /usr/bin/env -i "${variables[@]}" "$@"
fi

keep=no place='' systemd=no
while [ $# -gt 0 ]; do
    case $1 in
        --keep) keep=yes ;;
        --in)
            place=$(realpath -e "${2:?--in needs a directory}")
            keep=yes
            shift
            ;;
        --systemd) systemd=yes ;;
        --)
            shift
            break
            ;;
        *)
            sed -n '/^# Proves/,/^set /{/^# \{0,1\}/{s///;p}}' "$0" >&2
            exit 2
            ;;
    esac
    shift
done

[ "$(id -u)" = 0 ] || fail 'only root can make a root file system and namespaces'
for program in debootstrap unshare nsenter pivot_root git swift; do
    command -v "$program" >/dev/null || fail "there is no $program here; take debootstrap, util-linux and git from Debian"
done
toolchain=$(dirname "$(dirname "$(realpath "$(command -v swift)")")")
case $toolchain in / | /usr | /usr/local) fail "the Swift toolchain has to be in a directory of its own, not in $toolchain" ;; esac

# Everything of ours lies in one directory that mktemp made and that carries a mark: nothing else is ever removed.
mark='made by scripts/bare-debian.sh'
if [ -z "$place" ]; then
    place=$(mktemp -d /var/tmp/indico-bare.XXXXXX)
    chmod 755 "$place"
    echo "$mark" >"$place/mark"
elif [ "$(cat "$place/mark" 2>/dev/null)" != "$mark" ]; then
    fail "$place was not made by this script"
fi
root=$place/root
unshare_pid='' init='' network='' group=''

# The namespaces' end ends every process and every mount in them. Nothing is mounted outside; that is looked at all the
# same before anything is removed.
finish() {
    local status=$?
    trap - EXIT INT TERM
    end_namespaces
    if [ "$keep" = yes ]; then
        echo "bare-debian: left in place; go on with: scripts/bare-debian.sh --in $place"
    elif awk -v below="$place/" 'index($5, below) == 1 { found = 1 } END { exit !found }' /proc/self/mountinfo; then
        echo "bare-debian: something is mounted below $place: nothing is removed" >&2
        status=1
    else
        case $place in /var/tmp/indico-bare.??????) rm -r --one-file-system -- "$place" ;; esac
    fi
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Starts COMMAND as process 1 of new namespaces, and goes on; `init` is its process as seen from here.
start_namespaces() {
    local options=(--mount --pid --uts --ipc --fork --kill-child) own_network=no
    if command -v slirp4netns >/dev/null; then
        own_network=yes
        options+=(--net)
    fi
    if [ "$systemd" = yes ]; then
        options+=(--cgroup)
        group=$(findmnt --noheadings --first-only --types cgroup2 --output TARGET || true)
        [ -n "$group" ] || fail 'this machine has no cgroup2 mounted, which systemd needs'
        group=$group/${place##*/}
        mkdir -p "$group"
    fi
    # The group is entered before the namespaces are made, so that it is the root of what they see.
    (
        [ "$systemd" = no ] || echo "$BASHPID" >"$group/cgroup.procs"
        exec unshare "${options[@]}" scripts/bare-debian.sh --enter "$root" "$systemd" "$toolchain" "$own_network" "$@"
    ) &
    unshare_pid=$!
    until init=$(cat "/proc/$unshare_pid/task/$unshare_pid/children" 2>/dev/null) && init=${init%% *} && [ -n "$init" ]; do
        kill -0 "$unshare_pid" 2>/dev/null || fail 'the namespaces cannot be made'
        sleep 0.1
    done
    if [ "$own_network" = yes ]; then
        slirp4netns --configure --mtu=65520 --disable-host-loopback --netns-type=path "/proc/$unshare_pid/ns/net" tap0 \
            >"$place/network.log" 2>&1 &
        network=$!
    fi
}

# As if the power went: whoever dies with `unshare`, by --kill-child, is process 1, and everything with it.
end_namespaces() {
    [ -z "$unshare_pid" ] || kill -KILL "$unshare_pid" 2>/dev/null || true
    wait_namespaces || true
}

wait_namespaces() {
    local status=0
    [ -z "$unshare_pid" ] || wait "$unshare_pid" 2>/dev/null || status=$?
    unshare_pid='' init=''
    [ -z "$network" ] || { kill "$network" && wait "$network"; } 2>/dev/null || true
    network=''
    # Empty once all have ended, which may take a moment.
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ -d "$group" ] || break
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.3
    done
    return "$status"
}

# Runs a command in the namespaces that are there.
inside() {
    nsenter --target "$init" --mount --pid --uts --ipc --net --root \
        /usr/bin/env -i --chdir=/root HOME=/root LANG=C.UTF-8 "TERM=${TERM:-dumb}" \
        "PATH=$toolchain/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$@"
}

boot() {
    start_namespaces /lib/systemd/systemd --log-target=null
    for _ in $(seq 600); do
        # "degraded" is booted too: what a container cannot do is not our matter.
        case $(inside systemctl is-system-running 2>/dev/null) in running | degraded) return ;; esac
        sleep 0.2
    done
    fail 'systemd does not come up'
}

# Run once, as process 1 or by systemd.
run() {
    if [ "$systemd" = no ]; then
        start_namespaces "$@"
        wait_namespaces
    else
        boot
        inside "$@"
        power_off
    fi
}

power_off() {
    inside systemctl poweroff
    wait_namespaces || true
}

make_root() {
    local mirror=${DEBIAN_MIRROR:-http://deb.debian.org} file
    echo "bare-debian: making $root"
    debootstrap --variant=minbase bookworm "$root" "$mirror/debian" >"$place/debootstrap.log" 2>&1 ||
        fail "debootstrap failed; see: $(tail -n 1 "$place/debootstrap.log")"
    printf 'deb %s main\n' "$mirror/debian bookworm" "$mirror/debian bookworm-updates" \
        "$mirror/debian-security bookworm-security" >"$root/etc/apt/sources.list"
    # How packages are reached, not what this machine likes to have installed.
    for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
        [ ! -f "$file" ] || ! grep -qE '^ *Acquire::' "$file" || cp "$file" "$root/etc/apt/apt.conf.d/"
    done
    mkdir -p "$root/usr/local/share/ca-certificates"
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$root/usr/local/share/ca-certificates/" \;
    [ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$root/etc/pip.conf"
    git config --get-regexp '^url\..*\.insteadof$' | while read -r key value; do
        git config --file "$root/etc/gitconfig" --add "$key" "$value"
    done || true
    printf '127.0.0.1 localhost bare\n' >"$root/etc/hosts"
    echo bare >"$root/etc/hostname"
    touch "$place/made"
}

[ -e "$place/made" ] || make_root
# What is committed, for anybody to clone: a bundle, as Git takes no directory of another owner.
git bundle create --quiet "$root/srv/source.bundle" HEAD
install -m 755 scripts/bare-debian-inside.sh "$root/srv/inside"

if [ $# -gt 0 ]; then
    run "$@"
    exit
fi

run /srv/inside without-systemd
run /srv/inside systemd
systemd=yes
boot
inside /srv/inside packages enable
power_off
echo 'bare-debian: powered off; booting'
boot
inside /srv/inside after-boot
echo 'bare-debian: the power fails; booting'
end_namespaces
boot
inside /srv/inside after-boot
inside /srv/inside disable
power_off
echo 'bare-debian: all of it works'
