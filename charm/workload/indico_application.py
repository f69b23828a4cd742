# SPDX-License-Identifier: Apache-2.0
"""Indico as uWSGI loads it: its workers look at the database before each use of a connection.

A connection that is dead is replaced by a fresh one, so that a server that was started anew, or another that took its
place, costs no visitor an error. And a worker ends when the database is not the one it began with: the request under way
was begun in the name of somebody of the other one. Whoever takes the worker's place drops all sessions before it serves.

Loading Indico takes a processor for seconds. Where there are fewer of them than workers, these take turns: the first is
ready, and answers, in the time that one takes.
"""

import contextlib
import fcntl
import os
import sys

import indico_common
import indico_sessions

# The database this worker began with.
known = None


def look(connection, record=None, proxy=None):
    """Ask a connection of psycopg2's for its database; called whenever one is taken from the pool."""
    import psycopg2
    from sqlalchemy.exc import DisconnectionError
    global known
    try:
        # Without a transaction around it that would cost two more ways to the server and back.
        before, connection.autocommit = connection.autocommit, True
        try:
            with connection.cursor() as cursor:
                identity = indico_common.database_identity(cursor)
        finally:
            if not connection.closed:
                connection.autocommit = before
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        # The pool takes this for a reason to connect anew.
        raise DisconnectionError(str(error)) from error
    if known not in (None, identity):
        end(identity)
    known = identity


def end(identity):
    """Drop all sessions, answer nobody, and make room for a worker that knows the new database only."""
    print(f'indico_application: the database is another ({identity}, not {known}): this worker ends', file=sys.stderr,
          flush=True)
    try:
        indico_sessions.guard_sessions({})
    except Exception as error:
        # The next worker does it before it loads Indico, and does not serve until it can.
        print(f'indico_application: the sessions could not be dropped: {error}', file=sys.stderr, flush=True)
    os._exit(1)


@contextlib.contextmanager
def turn(directory, worker, processors):
    """Wait until this worker may load; one processor stays with those that serve, where there are several."""
    place = worker % max(1, processors - 1)
    with open(os.path.join(directory, f'loading-{place}.lock'), 'w') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            # Closing it would not do: whoever was forked meanwhile has it open, too.
            fcntl.flock(file, fcntl.LOCK_UN)


def load():
    import uwsgi
    directory = indico_common.read_config()['TEMP_DIR']
    with turn(directory, uwsgi.worker_id(), len(os.sched_getaffinity(0))):
        return application()


def application():
    from sqlalchemy import event
    from sqlalchemy.pool import Pool
    # Before there is a pool: those made later have it, too.
    event.listen(Pool, 'checkout', look)
    from indico.web.flask.app import make_app
    return make_app()
