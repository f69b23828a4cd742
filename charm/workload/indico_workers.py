# SPDX-License-Identifier: Apache-2.0
"""uWSGI's workers: a new configuration tried before they get it, and taken up by one after the other."""

import json
import os
import signal
import time

from indico_common import Failure, read_config
from indico_schema import application


def check_config(request):
    """Load the application with the configuration INDICO_CONFIG names, so that a bad one never reaches a worker."""
    with application():
        return {}


def reload(request):
    """Have uWSGI's workers replaced one at a time until all have read the present configuration.

    A touch while a reload runs is dropped by uWSGI, so the workers' start times tell, not the touch. With nothing to
    do it touches nothing.
    """
    config = read_config()
    changed = time.time() if request.get('after') == 'now' else os.stat(os.environ['INDICO_CONFIG']).st_ctime
    trigger = request['trigger']
    deadline = time.monotonic() + float(request.get('timeout', 180))
    touched = 0
    seen = None
    while True:
        workers = uwsgi_workers(config['TEMP_DIR'])
        # Start times are whole seconds: one in the very second of the change may be before it.
        stale = [w['id'] for w in workers if w['last_spawn'] <= changed or not w['accepting']]
        if not stale:
            return {'reloaded': bool(touched), 'workers': len(workers)}
        now = time.monotonic()
        if now > deadline:
            raise Failure('reload-timeout', f'{len(stale)} of {len(workers)} workers still have the old configuration')
        if (progress := [(w['pid'], w['accepting']) for w in workers]) != seen:
            seen, last_progress = progress, now
        if not touched or now - last_progress > 20:
            with open(trigger, 'a'):
                os.utime(trigger)
            touched, last_progress = touched + 1, now
        time.sleep(0.25)


def start_workers_anew(request):
    """Have uWSGI read its own configuration, and wait until every worker is a new one and serves."""
    directory = read_config()['TEMP_DIR']
    deadline = time.monotonic() + float(request.get('timeout', 120))
    statistics = uwsgi_statistics(directory)
    old = {worker['pid'] for worker in statistics['workers']}
    os.kill(statistics['pid'], signal.SIGHUP)
    while True:
        time.sleep(0.25)
        try:
            workers = uwsgi_workers(directory)
        except Failure:
            # Its socket is away while it starts anew.
            workers = []
        if workers and all(w['pid'] not in old and w['accepting'] for w in workers):
            return {'workers': len(workers)}
        if time.monotonic() > deadline:
            raise Failure('reload-timeout', "uWSGI's workers did not all come back")


def uwsgi_workers(directory):
    return [w for w in uwsgi_statistics(directory)['workers'] if w['status'] != 'cheap']


def uwsgi_statistics(directory):
    """Ask uWSGI's statistics socket; its directory is entered first, as the path of a socket must be short."""
    import socket
    os.chdir(directory)
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect('uwsgi-stats.sock')
            data = b''.join(iter(lambda: client.recv(65536), b''))
    except OSError as error:
        raise Failure('uwsgi-unreachable', f'cannot ask uWSGI about its workers: {error}') from error
    try:
        return json.loads(data)
    except ValueError as error:
        raise Failure('uwsgi-unreachable', f'uWSGI told of its workers in part only: {error}') from error
