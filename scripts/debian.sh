#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that are missing, and leaves the distribution's own servers alone: what we install
# brings PostgreSQL, Redis and nginx along as services, but here they are programs only. To be sourced by run.sh.

# Lists of names; whoever wants more than `make run` needs adds to them.
package_lists=(packaging/debian-packages.txt)

# The names in the lists, with what `swift build` needs.
wanted_packages() {
    local only
    only=$(python_packages)
    sed -E 's/#.*//; s/[[:space:]]+$//; /^$/d' "${package_lists[@]}" |
        sed -E "${only:+s/^$only: *//;} /^[^ ]+:/d"
    if [ "$only" = python3.12 ] && [ "$(python_version python3)" != 3.12 ]; then
        printf '%s\n' python3.12-venv python3.12-dev
    fi
    # libyaml and SQLite are linked; pkg-config finds them.
    printf '%s\n' libyaml-dev libsqlite3-dev pkg-config
}

# What Python a name in /usr/bin is, or would be once installed: as in 3.11.
system=/usr
python_version() {
    if [ -x "$system/bin/$1" ]; then
        "$system/bin/$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' || true
    else
        apt-cache policy "$1" 2>/dev/null | sed -nE 's/^ *Candidate: ([0-9]+\.[0-9]+).*/\1/p'
    fi
}

# The prefix of the lines that count with the Python that `indico-operator up` will choose.
python_packages() {
    if [ "$(python_version python3)" = 3.12 ] || [ -x "$system/bin/python3.12" ]; then echo python3.12; fi
}

# With the names that a package stands in for, as libssl3t64 does for libssl3, or pkgconf for pkg-config.
installed_packages() {
    dpkg-query --show --showformat '${db:Status-Status} ${Package}, ${Provides}\n' 2>/dev/null |
        sed -nE 's/^installed //; T; s/ \([^)]*\)//g; s/, */\n/g; p' | sed '/^$/d'
}

missing_packages() {
    comm -23 <(wanted_packages | sed 's/=.*//' | sort -u) <(installed_packages | sort -u) | while read -r name; do
        case $name in
            # Any server that is new enough will do, and an installed one is not replaced.
            postgresql-*) installed_postgresql || wanted_packages | grep -E "^$name(=|$)" ;;
            *) wanted_packages | grep -E "^$name(=|$)" ;;
        esac
    done
}

oldest_postgresql=15
installed_postgresql() {
    local program version
    for program in "$system"/lib/postgresql/*/bin/initdb; do
        [ -x "$program" ] || continue
        version=${program%/bin/initdb} version=${version##*/}
        [[ "$version" =~ ^[0-9]+$ ]] && [ "$version" -ge "$oldest_postgresql" ] && return
    done
    return 1
}

# The server to install: the one named, or the newest of those that are offered (names on standard input).
choose_postgresql() {
    local offered
    offered=$(grep -E '^postgresql-[0-9]+$' | sort -u || true)
    if grep -qx "$1" <<<"$offered"; then
        echo "$1"
    else
        sed 's/^postgresql-//' <<<"$offered" | sort -n |
            awk -v oldest="$oldest_postgresql" -v name="$1" '$1 >= oldest { name = "postgresql-" $1 } END { print name }'
    fi
}

# Puts names that this distribution has in the place of those it has not.
offered_packages() {
    local name
    while read -r name; do
        case $name in
            postgresql-[0-9]*) apt-cache pkgnames postgresql- 2>/dev/null | choose_postgresql "$name" ;;
            *) echo "$name" ;;
        esac
    done
}

# No service is started while we install ...
policy=/usr/sbin/policy-rc.d
forbid_service_start() {
    [ ! -e "$policy" ] || return 0
    undo+=(allow_service_start)
    printf '#!/bin/sh\n# Made for one installation by the Indico operator; it may be removed.\n# process %d\nexit 101\n' $$ >"$policy"
    chmod 755 "$policy"
}
allow_service_start() {
    grep -q 'Made for one installation by the Indico operator' "$policy" 2>/dev/null && rm -f "$policy"
}

# What an installation that was killed has left: its process is gone, its files are not.
undo_interrupted() {
    local process
    process=$(sed -n 's/^# process //p' "$policy" 2>/dev/null) || return 0
    if [ -n "$process" ] && ! kill -0 "$process" 2>/dev/null; then
        allow_cluster
        allow_service_start
    fi
}

# ... none that is new is enabled at boot ...
disable_new_services() {
    local name
    for name in nginx prometheus-nginx-exporter redis-server prometheus; do
        printf '%s\n' "$1" | grep -qx "$name" || continue
        # Debian's own way, which needs no systemd to run; the links are what counts at boot.
        DPKG_MAINTSCRIPT_PACKAGE=$name deb-systemd-helper disable "$name.service" >/dev/null 2>&1 || systemctl disable --quiet "$name.service" || true
    done
}

# ... and no cluster is made in the distribution's place. The file is postgresql-common's, so that comes first.
cluster_rule=/etc/postgresql-common/createcluster.conf
forbid_cluster() {
    [ -f "$cluster_rule" ] || return 0
    [ -e "$cluster_rule.indico-operator" ] || cp -p "$cluster_rule" "$cluster_rule.indico-operator"
    undo+=(allow_cluster)
    sed -i '/^ *#* *create_main_cluster/d' "$cluster_rule"
    printf 'create_main_cluster = false\n' >>"$cluster_rule"
}
allow_cluster() {
    [ ! -f "$cluster_rule.indico-operator" ] || mv -f "$cluster_rule.indico-operator" "$cluster_rule"
}

# apt tells its progress on descriptor 3: dlstatus:N:PERCENT:TEXT and pmstatus:PACKAGE:PERCENT:TEXT. Fetching is the
# first half of the bar, unpacking and setting up the second.
meter_apt() {
    local kind package percent text
    IFS=: read -r kind package percent text < <(tail -n 1 "$step_log.meter" 2>/dev/null) || return 0
    percent=${percent%%.*}
    [[ "$percent" =~ ^[0-9]+$ ]] || return 0
    meter_total=200
    case "$kind" in
        dlstatus) meter_done=$percent meter_detail='fetching' ;;
        pmstatus) meter_done=$((100 + percent)) meter_detail=${package%%:*} ;;
    esac
}

apt_install() {
    DEBIAN_FRONTEND=noninteractive apt-get -y -o APT::Status-Fd=3 -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 \
        install --no-install-recommends "$@"
}

why_apt_failed() {
    if grep -qE 'Could not resolve|Temporary failure|Failed to fetch|Unable to connect|Connection timed out' "$step_log"; then
        step_fail 'the Debian packages cannot be fetched' 'Is the network up? Nothing was left half done: run this again.'
    elif grep -qE 'No space left|not enough free space|You don.t have enough free space' "$step_log"; then
        step_fail 'the disk is full' 'Make room and run this again; what was unpacked already stays.'
    elif grep -qE 'Could not get lock|Unable to acquire the dpkg' "$step_log"; then
        step_fail 'another package manager is at work' 'Wait for it and run this again.'
    elif grep -qE 'Unable to locate package|has no installation candidate|was not found' "$step_log"; then
        step_fail 'this distribution lacks a package we need' 'Debian 12 (bookworm), main section, has them all.'
    fi
    step_fail 'apt-get failed' 'It says why, above. Put that right and run this again.'
}

install_debian_packages() {
    command -v apt-get >/dev/null || step_fail 'this is not a Debian system: there is no apt-get' \
        'Debian 12 is what this is made for.'
    local missing names
    [ "$(id -u)" != 0 ] || undo_interrupted
    mapfile -t missing < <(missing_packages)
    if [ "${#missing[@]}" = 0 ]; then
        step_end "all $(wanted_packages | wc -l) are here"
        return
    fi
    if [ "$(id -u)" != 0 ]; then
        local how
        how="scripts/debian.sh$(printf ' %s' "${package_lists[@]:1}" | sed 's/ $//')"
        if command -v sudo >/dev/null; then how="sudo $how"; else how="su --command \"cd $PWD && $how\""; fi
        step_fail "${#missing[@]} Debian packages are missing, and only root may install them" "Run this, then 'make run' again:

  $how

It installs, and starts no service: ${missing[*]}"
    fi
    forbid_service_start
    step_run meter_apt apt-get -o APT::Status-Fd=3 -o DPkg::Lock::Timeout=120 update || why_apt_failed
    # Only now it is known what there is.
    mapfile -t missing < <(missing_packages | offered_packages)
    names=$(printf '%s\n' "${missing[@]}" | sed 's/=.*//')
    if printf '%s\n' "$names" | grep -q '^postgresql-[0-9]'; then
        step_run meter_apt apt_install postgresql-common || why_apt_failed
        forbid_cluster
    fi
    step_run meter_apt apt_install "${missing[@]}" || why_apt_failed
    allow_cluster
    disable_new_services "$names"
    allow_service_start || true
    step_end "${#missing[@]} installed"
}

# Run by itself, it does this one step: before the tests, with the list of what they need besides; and what `make run`
# tells somebody who is not root to do first, as root.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -euo pipefail
    cd "$(dirname "$0")/.."
    STEP_TOTAL=1
    logs=$(mktemp -d)
    . scripts/progress.sh
    undo=()
    package_lists+=("$@")
    trap 'status=$?; for action in "${undo[@]}"; do "$action" || true; done; exit $status' EXIT
    trap 'exit 130' INT
    step_begin 'System packages' "$logs/packages.log"
    install_debian_packages
    # Kept after a failure: the message names the log in it.
    rm -r -- "$logs"
fi
