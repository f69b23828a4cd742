#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How long the first page takes as the existing charm starts Indico: the three `indico db` commands, then uWSGI; on a
# database and two Redis of its own in a scratch directory, which is empty first and current then. Beside it stands how an
# installation starts, when its state directory is given: it is stopped for that, and Pebble starts it again, in each of
# two rounds.
#
#   bench/first-page.sh VENV [STATE]
set -euo pipefail

venv=${1:?usage: bench/first-page.sh VENV [STATE], where VENV/bin/indico is Indico}
state=${2:-}
wsgi=$(echo "$venv"/lib/python3*/site-packages/indico/web/indico.wsgi)
# Indico runs as who owns its data beside the environment; PostgreSQL and Celery refuse root.
user=$(stat -c %U "$venv/../../srv/indico")
postgres=/usr/lib/postgresql/15/bin
scratch=$(mktemp -d /tmp/first-page.XXXXXX)
web=18481 database=18432 cache=18379 broker=18380

as_user() {
    if [ "$(id -un)" = "$user" ]; then "$@"; else runuser -u "$user" -- "$@"; fi
}

redis_server() { # a Redis on port $1 that keeps its files in $2
    as_user bash -c 'cd "$1" && exec -a redis-server "$(command -v redis-server || command -v redis-check-rdb)" \
        --port "$2" --bind 127.0.0.1 --save "" --dir "$1"' _ "$2" "$1" >"$2/log" 2>&1 &
    processes+=($!)
}

processes=()
clean_up() {
    local process
    as_user "$postgres/pg_ctl" -D "$scratch/pg" -m immediate stop >/dev/null 2>&1 || true
    for process in "${processes[@]}"; do kill -INT "$process" 2>/dev/null || true; done
    wait 2>/dev/null || true
    case $scratch in /tmp/first-page.??????) rm -r -- "$scratch" ;; esac
}
trap clean_up EXIT

chown "$user" "$scratch"
as_user mkdir -p "$scratch"/{cache,redis,broker,tmp,log,archive}
as_user "$postgres/initdb" -D "$scratch/pg" -A trust -U indico >/dev/null
as_user "$postgres/pg_ctl" -D "$scratch/pg" -w -l "$scratch/pg.log" \
    -o "-p $database -k $scratch -c listen_addresses=127.0.0.1" start >/dev/null
as_user "$postgres/createdb" -h "$scratch" -p "$database" -U indico indico
as_user "$postgres/psql" -q -h "$scratch" -p "$database" -U indico indico \
    -c 'CREATE EXTENSION pg_trgm' -c 'CREATE EXTENSION unaccent'
redis_server "$cache" "$scratch/redis"
redis_server "$broker" "$scratch/broker"

as_user tee "$scratch/indico.conf" >/dev/null <<CONF
SQLALCHEMY_DATABASE_URI = 'postgresql://indico@127.0.0.1:$database/indico'
SECRET_KEY = 'only-for-this-measurement'
BASE_URL = 'http://127.0.0.1:$web'
CELERY_BROKER = 'redis://127.0.0.1:$broker/0'
REDIS_CACHE_URL = 'redis://127.0.0.1:$cache/0'
CACHE_DIR = '$scratch/cache'
TEMP_DIR = '$scratch/tmp'
LOG_DIR = '$scratch/log'
STORAGE_BACKENDS = {'default': 'fs:$scratch/archive'}
ATTACHMENT_STORAGE = 'default'
DEFAULT_TIMEZONE = 'UTC'
DEFAULT_LOCALE = 'en_GB'
CONF

now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }
row() { printf '%-34s %8s s\n' "$1" "$2"; }

export INDICO_CONFIG=$scratch/indico.conf LC_ALL=C.UTF-8

# One start; what it is called goes before each row.
start() {
    local begin step arguments server
    begin=$(now)
    for arguments in "prepare" "upgrade" "--all-plugins upgrade"; do
        step=$(now)
        # `prepare` refuses a database that is not empty, and the existing start goes on.
        # shellcheck disable=SC2086 # the arguments are words
        as_user env INDICO_CONFIG="$INDICO_CONFIG" "$venv/bin/indico" db $arguments >>"$scratch/db.log" 2>&1 ||
            [ "$1 $arguments" = "current prepare" ] || { tail -n 5 "$scratch/db.log"; exit 1; }
        row "$1: indico db $arguments" "$(since "$step")"
    done
    step=$(now)
    as_user env INDICO_CONFIG="$INDICO_CONFIG" "$venv/bin/uwsgi" --master --processes "$workers" --need-app --die-on-term \
        --http-socket "127.0.0.1:$web" --wsgi-file "$wsgi" --enable-threads --pidfile "$scratch/uwsgi.pid" \
        >"$scratch/uwsgi.log" 2>&1 &
    server=$!
    processes+=("$server")
    until curl -sf -o /dev/null "http://127.0.0.1:$web/"; do
        kill -0 "$server" || { tail -n 5 "$scratch/uwsgi.log"; exit 1; }
        sleep 0.1
    done
    row "$1: uWSGI to the first page" "$(since "$step")"
    row "$1: together" "$(since "$begin")"
    kill -TERM "$(cat "$scratch/uwsgi.pid")"
    wait "$server" || true
}

# What happens when this charm starts Indico: a look at the database, then the service.
start_ours() {
    local begin root=$state/root
    PEBBLE_SOCKET=$state/pebble/indico/pebble.socket "$state/bin/pebble" stop indico >/dev/null
    begin=$(now)
    as_user env INDICO_CONFIG="$root/srv/indico/etc/indico.conf" "$venv/bin/python" \
        "$root/srv/indico/etc/indico_workload.py" db-status </dev/null >"$scratch/status"
    grep -q '"state": "current"' "$scratch/status"
    row "this charm: a look at the database" "$(since "$begin")"
    PEBBLE_SOCKET=$state/pebble/indico/pebble.socket "$state/bin/pebble" start indico >/dev/null &
    until curl -sf -o /dev/null -H "Host: $authority" "http://127.0.0.1:${authority##*:}/"; do sleep 0.1; done
    row "this charm: together" "$(since "$begin")"
    wait $!
}

workers=4
if [ -n "$state" ]; then
    workers=$("$state/bin/indico-operator" config workers --state-dir "$state")
    authority=$("$state/bin/indico-operator" config site_url --state-dir "$state")
    authority=${authority#*://}
fi
echo "$workers workers, $(nproc) processors"
start empty
for _ in 1 2; do
    start current
    [ -z "$state" ] || start_ours
done
