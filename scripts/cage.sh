#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command where it can harm nothing: scripts/cage.sh COMMAND [ARGUMENT...].
# In namespaces of its own, everything is read-only but /tmp, which is a small disk that is gone afterwards (with a
# tiny one, /tmp/tiny, that is soon full), there are no devices but the harmless ones, no network but its own
# loopback, and no other processes to signal. Where the kernel allows none of that it exits with 77.
set -euo pipefail

if [[ ${1:-} != --inside ]]; then
    [[ $(id -u) = 0 ]] && unshare --mount --pid --net --ipc --fork true 2>/dev/null || {
        echo "cage: namespaces cannot be made here (it takes root and CAP_SYS_ADMIN)" >&2
        exit 77
    }
    exec unshare --mount --pid --net --ipc --fork --kill-child --propagation private -- "$0" --inside "$@"
fi
shift

mount -t proc proc /proc
# A clone below /tmp stays where it is, though what is in /tmp goes out of sight.
project=$(pwd -P)
case $project in /tmp/*) mount --bind "$project" /mnt ;; esac
mount -t tmpfs -o size=192m,mode=1777 cage /tmp
case $project in
    /tmp/*)
        mkdir -p "$project"
        mount --move /mnt "$project"
        cd "$project"
        ;;
esac
mkdir /tmp/tiny
mount -t tmpfs -o size=256k,mode=0777 cage /tmp/tiny
# Device nodes can be written to on a read-only disk too, so only these are left.
mount -t tmpfs -o mode=755 cage /dev
for node in null:3 zero:5 full:7 random:8 urandom:9; do
    mknod -m 666 "/dev/${node%:*}" c 1 "${node#*:}"
done
mknod -m 666 /dev/tty c 5 0
mkdir /dev/pts
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts /dev/pts
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
# The last mount on a path is the one that is seen; what lies below another is out of reach.
awk '{ print $5 }' /proc/self/mountinfo | tac | while read -r target; do
    case "$(printf '%b' "$target")" in
        /tmp | /tmp/tiny | /dev/pts) ;;
        *) mount -o remount,bind,ro "$(printf '%b' "$target")" 2>/dev/null || true ;;
    esac
done
for place in / /var /etc /root /home /usr /dev /proc/sys; do
    if [[ -d $place ]] && (: >"$place/.cage") 2>/dev/null; then
        rm -f "$place/.cage"
        echo "cage: $place can still be written to" >&2
        exit 77
    fi
done
! command -v ip >/dev/null || ip link set lo up
drop=-sys_admin,-sys_boot,-sys_module,-sys_rawio,-sys_time,-sys_ptrace,-mknod,-net_admin,-sys_resource,-mac_admin
# Whoever waits for a process and is its own process 1 must reap: a shell does.
setpriv --bounding-set "$drop" --inh-caps -all -- "$@" &
wait $!
