#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What scripts/bare-debian.sh does in the bare Debian, part by part; each argument is a part's name. It is never run
# anywhere else: it removes installations.
set -euo pipefail

[ -e /srv/source.bundle ] && [ "$(hostname)" = bare ] || {
    echo 'this runs in the root that scripts/bare-debian.sh makes, and nowhere else' >&2
    exit 2
}
clone=/srv/indico-operator
user=someone
export DEBIAN_FRONTEND=noninteractive

say() { printf '\n=== %s\n' "$*"; }
fail() {
    printf '\nbare-debian: FAILED: %s\n' "$*" >&2
    exit 1
}

# Shows what is run, and how long it took.
timed() {
    local began=$SECONDS status=0
    printf '\n$ %s\n' "$*"
    "$@" || status=$?
    printf '  (%d s, exit code %d)\n' $((SECONDS - began)) "$status"
    return "$status"
}

as_user() { runuser -u "$user" -- env HOME=/home/$user USER=$user LOGNAME=$user "$@"; }

# What Swift's instructions for Debian 12 ask for, as far as the compiler and its package manager need it to run, and
# what the README asks for beside it. No development package that we need ourselves: those are ours to install.
prerequisites() {
    command -v make >/dev/null && command -v git >/dev/null && return
    say 'Swift and make'
    apt-get -qq update
    apt-get -qq -o Dpkg::Use-Pty=0 install --no-install-recommends binutils git libc6-dev libcurl4 libedit2 libncurses6 \
        libpython3.11 libsqlite3-0 libstdc++-12-dev libxml2 tzdata zlib1g make sudo >/root/prerequisites.log 2>&1 ||
        fail "apt-get failed: $(tail -n 3 /root/prerequisites.log)"
    id "$user" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$user"
}

fresh_clone() {
    if [ -d "$clone" ]; then
        git -c safe.directory='*' -C "$clone" fetch --quiet origin HEAD
        git -c safe.directory='*' -C "$clone" reset --quiet --hard FETCH_HEAD
    else
        git -c advice.detachedHead=false clone --quiet /srv/source.bundle "$clone"
    fi
}

# The status of the home page, and where it leads: 302 to /bootstrap until there is an administrator.
home_page() {
    /usr/bin/python3 - <<'PYTHON'
import http.client
connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=30)
connection.request("GET", "/")
answer = connection.getresponse()
print(answer.status, answer.getheader("Location") or "")
PYTHON
}

# The processes below a Pebble, told by their parents' command lines; two equal lists mean that nothing restarted.
supervised() {
    local file
    for file in /proc/[0-9]*/cmdline; do
        if tr '\0' ' ' <"$file" 2>/dev/null |
            grep -qE 'pebble run|postgres -D|redis-server|agent --state-dir|nginx: master|exporter'; then
            echo "${file//[!0-9]/}"
        fi
    done | sort -n | tr '\n' ' '
}

nothing_runs() {
    local left
    left=$(supervised)
    [ -z "$left" ] || fail "processes are left: $left"
}

# Nothing of the distribution's was started or is to be started at boot, and no cluster of its own was made.
distribution_untouched() {
    local link
    for link in nginx redis-server prometheus-nginx-exporter; do
        [ ! -e "/etc/systemd/system/multi-user.target.wants/$link.service" ] || fail "$link would start at boot"
    done
    [ ! -e /var/lib/postgresql/15/main ] || fail 'a cluster was made in the place of the distribution'
    [ ! -e /usr/sbin/policy-rc.d ] || fail 'policy-rc.d is left behind'
}

# The life of one installation, from nothing to nothing: whose it is, and the command line it brings.
life() {
    local run_as=$1 program=$2 before after
    timed "$run_as" make run
    timed "$run_as" "$program" version
    timed "$run_as" "$program" status
    before=$(supervised)
    timed "$run_as" make run
    after=$(supervised)
    [ "$before" = "$after" ] || fail "something restarted: $before; $after"
    timed "$run_as" "$program" exec indico -- /bin/sh -c 'id; pwd'
    timed "$run_as" "$program" down
    nothing_runs
    timed "$run_as" "$program" up
    printf 'home page: %s\n' "$(home_page)"
    timed "$run_as" "$program" destroy --yes
    nothing_runs
}

without_systemd() {
    prerequisites
    if ! dpkg-query --show postgresql-15 >/dev/null 2>&1; then
        say 'Without the rights to install packages'
        as_user git -c advice.detachedHead=false clone --quiet /srv/source.bundle "/home/$user/look"
        cd "/home/$user/look"
        if timed as_user make run 2>&1 | tee /tmp/refused.log; then fail 'it ran without its packages'; fi
        grep -q 'sudo scripts/debian.sh' /tmp/refused.log || fail 'it does not say what to do'
        [ ! -e "/home/$user/.local" ] || fail 'it left something behind'
    fi
    say 'As root'
    fresh_clone
    cd "$clone"
    life env indico-operator
    distribution_untouched
    say 'As an ordinary user'
    chown -R "$user:" "$clone"
    life as_user "/home/$user/.local/state/indico-operator/bin/indico-operator"
}

# --- With systemd as process 1. --------------------------------------------------------------------------------------

systemd() {
    [ -x /lib/systemd/systemd ] || apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends systemd dbus \
        >/root/systemd.log 2>&1 || fail "apt-get failed: $(tail -n 3 /root/systemd.log)"
    chown -R root: "$clone"
}

# What Debian's own packages would have started were they not held back: they are installed anew to see it.
packages() {
    say 'The packages, installed while systemd runs'
    cd "$clone"
    apt-get -qq -y purge nginx nginx-common redis-tools 'postgresql-*' prometheus-nginx-exporter >/root/purge.log 2>&1 ||
        fail "apt-get purge failed: $(tail -n 3 /root/purge.log)"
    timed scripts/debian.sh
    local unit
    for unit in nginx redis-server prometheus-nginx-exporter postgresql@15-main; do
        ! systemctl is-active --quiet "$unit" || fail "$unit was started"
        ! systemctl is-enabled --quiet "$unit" 2>/dev/null || fail "$unit would start at boot"
    done
    distribution_untouched
}

enable() {
    say 'Up, with an administrator, and to be brought up at boot'
    cd "$clone"
    timed make run
    printf '%s\n' 'correct horse battery staple' | timed indico-operator run add-admin email=admin@example.com
    timed indico-operator enable
    timed indico-operator status
}

# Says how long after the boot the page is there again: the administrator's, not the one that makes the first.
after_boot() {
    local answer=''
    say 'Booted'
    for _ in $(seq 600); do
        answer=$(home_page 2>/dev/null) || answer=''
        case $answer in 200*) break ;; esac
        sleep 0.5
    done
    case $answer in
        200*) echo "served again $(($(date +%s) - $(stat --format %Y /run/systemd/system))) s after the boot" ;;
        *) indico-operator status || true; fail "the home page answers '$answer'" ;;
    esac
    systemctl is-active indico-operator
    timed indico-operator status
}

disable() {
    say 'Not at boot any more'
    timed indico-operator disable
    [ ! -e /etc/systemd/system/indico-operator.service ] || fail 'the unit is left'
    timed indico-operator down
    nothing_runs
    timed indico-operator destroy --yes
}

for part; do "${part//-/_}"; done
