# SPDX-License-Identifier: Apache-2.0
"""What the Indico charm asks of Indico where Indico has no command that works without a terminal.

    python indico_workload.py VERB < request.json > reply.json

The request is one JSON object on standard input (so nothing of it shows in a process list), the reply one JSON object
on standard output: {"ok": true, ...} with exit code 0, or {"ok": false, "error": CODE, "message": TEXT} with exit
code 1. Whatever Indico prints goes to standard error. INDICO_CONFIG names the indico.conf in use.

`indico_workload.py celery worker ...`, `indico_workload.py celery beat` and `indico_workload.py backup-timer FILE` are
services and never reply.

The verbs are functions of the modules beside this file, of which only the one that is asked is loaded. Those that only
look (facts, db-status, celery-check) and guard-sessions do not import Indico: that alone costs five seconds of processor
time.
"""

import importlib
import json
import os
import sys

from indico_common import Failure

# The module of each verb; its function is called like the verb.
VERBS = {
    'facts': 'indico_schema', 'db-status': 'indico_schema', 'db-prepare': 'indico_schema', 'db-upgrade': 'indico_schema',
    'guard-sessions': 'indico_sessions', 'invalidate-sessions': 'indico_sessions', 'celery-check': 'indico_celery',
    'customize': 'indico_content', 'drop-customization': 'indico_content', 'install-plugins': 'indico_content',
    'check-config': 'indico_workers', 'reload': 'indico_workers', 'start-workers-anew': 'indico_workers',
    'add-admin': 'indico_users', 'anonymize-user': 'indico_users',
    'create-backup': 'indico_backup', 'list-backups': 'indico_backup', 'verify-backup': 'indico_backup',
    'backup-check': 'indico_backup', 'restore-backup': 'indico_restore', 'finish-restore': 'indico_restore',
}


def verb(name):
    return getattr(importlib.import_module(VERBS[name]), name.replace('-', '_'))


def serve(arguments):
    """Become a service, if one is asked for."""
    if arguments == ['celery', 'beat']:
        import indico_celery
        indico_celery.beat()
    if arguments[:2] == ['celery', 'worker']:
        import indico_celery
        indico_celery.worker(arguments[2:])
    if len(arguments) == 2 and arguments[0] == 'backup-timer':
        import indico_backup
        indico_backup.run_timer(arguments[1])


def main(arguments):
    serve(arguments)
    # The reply alone goes to standard output; libraries and child processes print to standard error instead.
    reply_file = os.fdopen(os.dup(1), 'w', encoding='utf-8')
    os.dup2(2, 1)
    try:
        if len(arguments) != 1 or arguments[0] not in VERBS:
            raise Failure('usage', f"usage: indico_workload.py {'|'.join(VERBS)} < request.json")
        body = '' if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read()
        try:
            request = json.loads(body or '{}')
        except ValueError as error:
            raise Failure('bad-request', f'the request is not JSON: {error}') from error
        if not isinstance(request, dict):
            raise Failure('bad-request', 'the request is not a JSON object')
        reply = {'ok': True} | verb(arguments[0])(request)
    except Failure as failure:
        reply = {'ok': False, 'error': failure.code, 'message': str(failure)}
    except Exception as error:
        # The trace goes to the log of this call; the charm gets a sentence without values in it.
        import traceback
        traceback.print_exc()
        reply = {'ok': False, 'error': 'internal', 'message': f'{arguments[0]} failed: {type(error).__name__}'}
    json.dump(reply, reply_file, sort_keys=True)
    reply_file.write('\n')
    reply_file.flush()
    return 0 if reply['ok'] else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
