#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kills a restore with -9 at the worst moment, after the database is replaced and before the files are, and has it finished:
# database and files must be of the backup. Indico is stopped for it, and started again.
#
#   scripts/restore-killed.sh STATE      the directory of an installation that is up, with an administrator; for root
set -euo pipefail

state=$(readlink -f "${1:?usage: scripts/restore-killed.sh STATE}")
home=$state/root/srv/indico
user=$(stat -c %U "$home")
port=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["ports"]["postgresql"])' "$state/settings.json")
slides=$home/archive/slides-of-a-test.txt
export INDICO_CONFIG=$home/etc/indico.conf PYTHONDONTWRITEBYTECODE=1
cd "$home"

as_user() { runuser -u "$user" -- "$@"; }
ask() { as_user "$state/root/opt/indico/bin/python" "$home/etc/indico_workload.py" "$1"; }
query() { as_user psql -qAt "postgresql://indico@127.0.0.1:$port/indico?passfile=$home/etc/database.pgpass" -c "$1"; }
write() { as_user sh -c 'echo "$1" >"$2"' _ "$1" "$slides"; }
name_of() { query 'SELECT first_name FROM users.users WHERE id = 1'; }
services() {
    PEBBLE=$state/pebble/indico PEBBLE_SOCKET=$state/pebble/indico/pebble.socket \
        "$state/bin/pebble" "$1" indico celery-worker celery-beat
}
expect() { [ "$1" = "$2" ] || { echo "restore-killed: $3 is '$1', not '$2'" >&2; exit 1; }; }

target="{\"directory\": \"$home/backups\"}"
query "UPDATE users.users SET first_name = 'Before' WHERE id = 1"
write before
backup=$(ask create-backup <<<"{\"target\": $target}" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["name"])')
query "UPDATE users.users SET first_name = 'After' WHERE id = 1"
write after
services stop

code=0
as_user "$state/root/opt/indico/bin/python" - "$home" "$backup" <<'PYTHON' || code=$?
import os
import signal
import sys

home, backup = sys.argv[1:]
sys.path.insert(0, f'{home}/etc')
import indico_restore

finish, calls = indico_restore.finish, []


def killed_the_second_time(config):
    calls.append(config)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return finish(config)


indico_restore.finish = killed_the_second_time
indico_restore.restore_backup({'target': {'directory': f'{home}/backups'}, 'name': backup})
PYTHON
expect "$code" 137 'the code of the restore that was killed'
expect "$(name_of)" Before 'the database after the kill'
expect "$(cat "$slides")" after 'the file after the kill'
ask finish-restore <<<'{}'
expect "$(cat "$slides")" before 'the file after it was finished'
expect "$(name_of)" Before 'the database after it was finished'
[ ! -e "$home/archive/.restore" ] || expect there gone "what was unpacked"
as_user rm "$slides"
services start
echo 'restore-killed: 1 passed, 0 failed'
