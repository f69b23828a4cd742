# SPDX-License-Identifier: Apache-2.0
"""Celery's worker and its scheduler, the one of which there is one at most, and whether the worker lives."""

import contextlib
import json
import os
import sys
import time
import uuid

from indico_common import Failure, first_line, read_config


def celery_check(request):
    """Wait for one heartbeat of this host's worker on the broker: a hung worker sends none, a busy one does."""
    import socket

    import redis
    config = read_config()
    timeout = float(request.get('timeout', 8))
    # As Celery names it: other units may have workers of their own on the same broker.
    name = request.get('worker', f'celery@{socket.gethostname()}')
    deadline = time.monotonic() + timeout
    try:
        broker = redis.Redis.from_url(config['CELERY_BROKER'], socket_timeout=timeout, socket_connect_timeout=3)
        channel = broker.pubsub(ignore_subscribe_messages=True)
        channel.subscribe('/0.celeryev/worker.heartbeat')
        while (left := deadline - time.monotonic()) > 0:
            message = channel.get_message(timeout=left)
            if message and (name is None or heartbeat_host(message['data']) == name):
                return {'worker': heartbeat_host(message['data'])}
    except redis.RedisError as error:
        raise Failure('broker-unreachable', f'cannot reach the broker: {first_line(error)}') from error
    raise Failure('no-heartbeat', f'no heartbeat of a Celery worker within {timeout:g} s')


def heartbeat_host(data):
    """Read who sent an event; events are JSON although tasks are pickled, and nothing here unpickles."""
    try:
        return json.loads(data).get('headers', {}).get('hostname')
    except (ValueError, AttributeError):
        return None


class Lease:
    """The right to schedule, held by one process at a time and for a short term.

    Which unit runs the scheduler is elected, but a unit that was cut off does not learn that another was. The lease is
    in the broker, where tasks go: who cannot reach it can schedule nothing. It is given for `TERM` seconds from when the
    broker gets the question, and used for `MARGIN` less from before it was asked, by a clock that counts sleep too.
    """

    TERM = 30.0
    MARGIN = 10.0

    def __init__(self, take, clock):
        """`take(seconds)` asks the broker and says whether it is ours; it fails when the broker cannot be reached."""
        self.take, self.clock = take, clock
        self.until = None

    def renew(self):
        asked = self.clock()
        held = self.take(self.TERM)
        self.until = asked + self.TERM - self.MARGIN if held else None
        return held

    def is_held(self):
        return self.until is not None and self.clock() < self.until


LEASE_KEY = 'indico-operator/beat-lease'
# One's own is taken again at once, by a scheduler that was killed and started anew.
TAKE_LEASE = """
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
DROP_LEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"

def hold_lease(config):
    """Wait for the right to schedule, keep it from then on, and end this process when it is lost."""
    import atexit
    import threading

    import redis
    broker = redis.Redis.from_url(config['CELERY_BROKER'], socket_timeout=5, socket_connect_timeout=5)
    token = own_token(config['TEMP_DIR'])
    lease = Lease(lambda term: bool(broker.eval(TAKE_LEASE, 1, LEASE_KEY, token, int(term * 1000))),
                  lambda: time.clock_gettime(time.CLOCK_BOOTTIME))
    told = None
    while True:
        try:
            if lease.renew():
                break
            problem = 'another unit schedules'
        except redis.RedisError as error:
            problem = f'the broker cannot be reached: {first_line(error)}'
        if problem != told:
            print(f'waiting for the right to schedule: {problem}', file=sys.stderr, flush=True)
            told = problem
        time.sleep(2)

    def drop():
        with contextlib.suppress(redis.RedisError):
            broker.eval(DROP_LEASE, 1, LEASE_KEY, token)

    def keep():
        while True:
            time.sleep(4)
            with contextlib.suppress(redis.RedisError):
                lease.renew()
            check()

    def check():
        if not lease.is_held():
            print('the right to schedule was lost: ending', file=sys.stderr, flush=True)
            os._exit(1)

    atexit.register(drop)
    threading.Thread(target=keep, daemon=True).start()
    # Looked at before each task as well: this process may have been stopped for longer than the term.
    from celery.beat import Scheduler
    send = Scheduler.apply_async

    def apply_async(*arguments, **options):
        check()
        return send(*arguments, **options)
    Scheduler.apply_async = apply_async


def own_token(directory):
    """A name for this container: another one in its place, under the same host name, has another."""
    path = os.path.join(directory, 'beat-token')
    with contextlib.suppress(FileNotFoundError):
        with open(path, encoding='utf-8') as file:
            if token := file.read().strip():
                return token
    token = uuid.uuid4().hex
    with open(path + '.new', 'w', encoding='utf-8') as file:
        file.write(token)
    os.rename(path + '.new', path)
    return token


def beat():
    """Become Celery's scheduler once no other one is, on a fresh schedule.

    A killed scheduler can leave its schedule file damaged: it then runs but schedules nothing, until the file is gone.
    The file only remembers when each task ran last, so it is made anew at each start.
    """
    config = read_config()
    hold_lease(config)
    directory = config['TEMP_DIR']
    schedule = os.path.join(directory, 'celerybeat-schedule')
    for name in os.listdir(directory):
        if name.startswith('celerybeat-schedule'):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(directory, name))
    become('celery', 'beat', '--schedule', schedule, '--pidfile=')


def worker(options):
    """Become Celery's worker, one that finishes the tasks it has begun when it is told to stop.

    Pebble sends SIGTERM to the whole process group. Celery's main process then takes no more tasks and waits for those
    under way, but its children would die of it with a task in hand, which is lost: it was taken off the queue. Deaf to
    it, they end when the main process says so; should that be killed, the kernel kills them too.
    """
    import signal

    from celery.signals import worker_process_init
    worker_process_init.connect(lambda **_: signal.signal(signal.SIGTERM, signal.SIG_IGN), weak=False)
    become('celery', 'worker', *options)


def become(*arguments):
    """Run a command of Indico as this process, and end with it at once.

    Python would take apart the thousands of modules first: seconds of processor time in which whoever stops the
    service waits.
    """
    import atexit
    import runpy
    import threading
    threading.Thread(target=outlive_reader, daemon=True).start()
    indico = os.path.join(os.path.dirname(sys.executable), 'indico')
    sys.argv = [indico, *arguments]
    # As when Python is given a script: modules are found beside that, not beside this file.
    sys.path[0] = os.path.dirname(indico)
    code = 1
    try:
        runpy.run_path(indico, run_name='__main__')
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback
        traceback.print_exc()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def outlive_reader():
    """Write to nowhere once nobody reads what this process says: its Pebble was killed, and the next one ends it.

    Celery says that it shuts down before it does, in its signal handler: on a broken pipe that fails, and it goes on as
    if it had never been asked.
    """
    import select
    poll = select.poll()
    poll.register(2, 0)
    poll.poll()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
