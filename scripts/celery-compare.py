#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds our celery-exporter against another one: one broker, real workers, both pages side by side after each chapter.

    scripts/celery-compare.py PYTHON PEER [WORD …]     PYTHON has celery[redis]; PEER is the other exporter's command

Two workers and their tasks go through what happens to workers and tasks: done, failed, retried, rejected, revoked before
and in the middle, delayed, a backlog without workers, a worker that ends, one that is killed. Compared are all series of
both with their values, the sums and buckets of the two histograms included. What is known to differ on purpose is named
below with the reason, counted, and shown with --verbose. Exit code 1 when anything else differs.
"""
import argparse
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PASSWORD = 'only-for-this-comparison'
PATIENCE = 60

APPLICATION = '''
import os, time
from celery import Celery, exceptions
app = Celery('compared', broker=os.environ['CE_BROKER_URL'])
app.conf.update(
    task_send_sent_event=True, worker_send_task_events=True, broker_connection_retry_on_startup=True,
    task_routes={'compared.slow': {'queue': 'slow'}}, worker_prefetch_multiplier=1)

@app.task
def done(value): return value

@app.task
def slow(seconds): time.sleep(seconds)

@app.task
def fails(): raise ValueError("with 'quotes', (brackets) and\\nlines")

class OwnError(Exception): pass

@app.task
def fails_own(): raise OwnError

@app.task(bind=True, max_retries=2, default_retry_delay=0.2)
def retried(self):
    if self.request.retries < 2: raise self.retry()

@app.task(bind=True, max_retries=1, default_retry_delay=0.1)
def given_up(self): raise self.retry(exc=KeyError('k'))

@app.task(acks_late=True)
def rejected(): raise exceptions.Reject('no', requeue=False)

@app.task
def ignored(): raise exceptions.Ignore()
'''

CHAPTERS = {
    'tasks of all fates': '''
for n in range(20): done.delay(n)
for n in range(3): fails.delay(); fails_own.delay(); retried.delay(); given_up.delay(); rejected.delay(); ignored.delay()
slow.delay(0.5)
done.apply_async((1,), countdown=1)
done.apply_async((1,), expires=-1)
''',
    'revoked before and in the middle': '''
first = slow.delay(600); later = done.apply_async((1,), countdown=600)
time.sleep(3)
app.control.revoke(later.id)
app.control.revoke(first.id, terminate=True)
''',
}

# series -> why ours is another
ON_PURPOSE = [
    (r'^celery_exporter_', 'about the exporter itself'),
    (r'^(python|process)_', 'about the process itself'),
    (r'_created$', 'when a series began, which OpenMetrics has and the original writes in the plain format as well'),
    (r'^celery_unacknowledged_messages$', 'ours alone'),
]


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def eventually(what, look):
    deadline = time.monotonic() + PATIENCE
    while not (value := look()):
        if time.monotonic() > deadline:
            sys.exit(f'celery-compare: {what} did not come true in {PATIENCE} s')
        time.sleep(0.1)
    return value


def series(page):
    """{name with sorted labels: value} of a page."""
    values = {}
    for line in page.splitlines():
        if line.startswith('#') or not line:
            continue
        name, value = line.rsplit(' ', 1)
        labels = name[name.find('{') + 1:-1] if '{' in name else ''
        parts = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)
        # A bucket's edge is a number: 1 and 1.0 are one.
        parts = sorted((key, repr(float(text)) if key == 'le' else text) for key, text in parts)
        values[name.split('{')[0] + '{' + ', '.join(f'{key}={text}' for key, text in parts) + '}'] = float(value)
    return values


class Stage:
    """A broker, both exporters, and workers that come and go."""

    def __init__(self, place, python, exporters):
        self.place, self.python, self.processes, self.pages = place, python, [], {}
        self.redis = free_port()
        (place / 'compared.py').write_text(APPLICATION)
        (place / 'redis.conf').write_text(f'bind 127.0.0.1\nport {self.redis}\nrequirepass {PASSWORD}\nsave ""\ndir {place}\n')
        program = shutil.which('redis-server') or shutil.which('redis-check-rdb') or sys.exit('celery-compare: no redis-server')
        # Debian's package redis-tools holds the server: it acts by the name it is called by.
        (place / 'redis-server').symlink_to(program)
        self.environment = os.environ | {'CE_BROKER_URL': f'redis://:{PASSWORD}@127.0.0.1:{self.redis}/0', 'PYTHONPATH': str(place)}
        self.run('redis', [place / 'redis-server', place / 'redis.conf'])
        eventually('an answer of Redis', lambda: self.ask('PING') == 'PONG')
        for name, command in exporters.items():
            port = free_port()
            self.pages[name] = f'http://127.0.0.1:{port}/metrics'
            self.run(name, [*command, '--host=127.0.0.1', f'--port={port}', '--retry-interval=1', '--queues=celery,given',
                            '--worker-timeout=6', '--purge-offline-worker-metrics=12', '--static-label', 'site=one'])
        eventually('both exporters listening', self.listened)

    def listened(self):
        """Whether as many clients listen to patterns of channels as there are exporters."""
        return len(re.findall(r' psub=[1-9]', self.ask('CLIENT', 'LIST'))) >= len(self.pages)

    def run(self, name, command):
        log = open(self.place / f'{name}.log', 'ab')
        process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, env=self.environment, cwd=self.place,
                                   start_new_session=True)
        self.processes.append(process)
        return process

    def ask(self, *words):
        return subprocess.run(['redis-cli', '-p', str(self.redis), *words], env=self.environment | {'REDISCLI_AUTH': PASSWORD},
                              capture_output=True, text=True).stdout.strip()

    def worker(self, name, queue):
        return self.run(name, [self.python, '-m', 'celery', '-A', 'compared', 'worker', '-n', f'celery@{name}', '-c', '2',
                               '-Q', queue, '-E', '--heartbeat-interval', '1', '-l', 'info'])

    def scrape(self):
        # The original asks the workers at each scrape and waits a second for them.
        pages = {}
        for name, url in self.pages.items():
            with urllib.request.urlopen(url, timeout=30) as page:
                pages[name] = series(page.read().decode())
        return pages

    def client(self, text):
        subprocess.run([self.python, '-c', f'import time\nfrom compared import *\n{text}'], env=self.environment,
                       cwd=self.place, check=True, timeout=PATIENCE)

    def total(self, name, **labels):
        wanted = [f'{key}={value}' for key, value in labels.items()]
        return {who: sum(value for key, value in page.items() if key.startswith(name + '{') and all(w in key for w in wanted))
                for who, page in self.scrape().items()}

    def both(self, what, reached, name, **labels):
        eventually(f'{what}: {name}', lambda: all(map(reached, self.total(name, **labels).values())))

    def end(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                # Each is the leader of a session of its own: its pool goes with it.
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def elsewhere(key, pages):
    """Whether both count as many tasks for all hosts together.

    An event that comes after a later one leaves a task's host as it was in the original: a repetition of a task counts as
    received by who sent it, then and now.
    """
    def together(page):
        return sum(value for other, value in page.items() if re.sub('hostname=[^,}]*', '', other) == wanted)
    wanted = re.sub('hostname=[^,}]*', '', key)
    return key.startswith('celery_task_') and together(pages['ours']) == together(pages['peer'])


def compared(chapter, stage, verbose):
    """How many series differ; they are shown."""
    def differences():
        pages = stage.scrape()
        ours, peer = pages['ours'], pages['peer']
        return pages, {key: (ours.get(key), peer.get(key)) for key in ours.keys() | peer.keys() if ours.get(key) != peer.get(key)}

    # A heartbeat may come between the two scrapes: what differs twice, and in the same way, differs.
    _, first = differences()
    time.sleep(2.5)
    pages, second = differences()
    unexpected = purposely = 0
    for key in sorted(first.keys() & second.keys()):
        reason = next((why for pattern, why in ON_PURPOSE if re.search(pattern, key.split('{')[0])), None)
        reason = reason or ('as many for all hosts together' if elsewhere(key, pages) else None)
        if reason:
            purposely += 1
        else:
            unexpected += 1
        if verbose or not reason:
            print(f'  {key}: ours {second[key][0]}, peer {second[key][1]}' + (f' ({reason})' if reason else ''))
    print(f'{chapter}: {len(pages["peer"])} series, {unexpected} differ, {purposely} on purpose')
    return unexpected


def story(stage, verbose):
    different = 0
    first, second = stage.worker('first', 'celery'), stage.worker('second', 'slow')
    stage.both('two workers', lambda value: value == 2, 'celery_worker_up')
    different += compared('two workers', stage, verbose)

    stage.client(CHAPTERS['tasks of all fates'])
    stage.both('tasks', lambda value: value >= 25, 'celery_task_succeeded_total')
    stage.both('tasks', lambda value: value >= 9, 'celery_task_failed_total')
    stage.both('tasks', lambda value: value >= 3, 'celery_task_rejected_total')
    different += compared('tasks of all fates', stage, verbose)

    stage.client(CHAPTERS['revoked before and in the middle'])
    stage.both('revoked', lambda value: value >= 2, 'celery_task_revoked_total')
    different += compared('revoked before and in the middle', stage, verbose)

    second.send_signal(signal.SIGTERM)
    second.wait(PATIENCE)
    stage.both('a worker that ended', lambda value: value == 1, 'celery_worker_up')
    stage.client('for n in range(7): slow.delay(0)')
    stage.both('a backlog', lambda value: value == 7, 'celery_queue_length', queue_name='slow')
    different += compared('a worker that ended, and a backlog', stage, verbose)

    os.killpg(first.pid, signal.SIGKILL)
    stage.both('a killed worker', lambda value: value == 0, 'celery_worker_up')
    different += compared('a killed worker', stage, verbose)
    eventually('no worker known', lambda: not any('celery_worker_up{' in ' '.join(page) for page in stage.scrape().values()))
    different += compared('a killed worker, forgotten', stage, verbose)
    return different


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('python')
    options.add_argument('peer', nargs='+')
    options.add_argument('--ours', default=f'{ROOT}/.build/release/celery-exporter')
    options.add_argument('--verbose', action='store_true')
    options.add_argument('--keep', action='store_true', help='leave the logs in place')
    given = options.parse_args()
    place = pathlib.Path(tempfile.mkdtemp(prefix='celery-compare-'))
    try:
        stage = Stage(place, given.python, {'ours': [given.ours], 'peer': given.peer})
        try:
            different = story(stage, given.verbose)
        finally:
            stage.end()
    finally:
        if given.keep:
            print(f'logs: {place}')
        else:
            shutil.rmtree(place)
    print('celery-compare:', 'nothing differs' if not different else f'{different} differ')
    sys.exit(bool(different))


if __name__ == '__main__':
    main()
