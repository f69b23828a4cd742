#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a change costs visitors: open-loop load through nginx while a running installation is changed.

    bench/changes.py STATE [--rate 40] [--only NAME[,NAME...]]

For each change: load at a steady rate, whether or not earlier requests were answered; then the change; then the load
goes on until the unit is active and idle again. A request fails when it has no answer within a minute or one of 5xx or
404. Each change is taken back, and that is a change too. STATE is the installation's state directory.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import urlsplit

PATHS = ('/ping', '/ping', '/ping', '/contact', '/ping', '/ping', '/login/', '/ping', '/ping', '/ping')
# An option, another value for it; what it was before is read first.
OPTIONS = {
    'indico_support_email': 'bench-support@example.com', 'indico_public_support_email': 'bench@example.com',
    'indico_no_reply_email': 'bench-noreply@example.com', 'enable_roombooking': 'true', 'customization_debug': 'true',
    'default_timezone': 'Europe/Zurich', 'default_locale': 'fr_FR', 'celery_workers': '1', 'workers': '2',
    'trusted_proxies': '192.0.2.0/24', 'log_level': 'warning', 'upload_limit': '512',
    'extra_settings': 'CUSTOM_COUNTRIES={}', 'backup_schedule': '03:00',
}


class Load:
    def __init__(self, authority, rate):
        self.host, _, port = authority.partition(':')
        self.port, self.authority, self.rate = int(port or 80), authority, rate
        self.latencies, self.failures, self.lock, self.ended = [], [], threading.Lock(), threading.Event()
        self.visitors = []
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        begin, number = time.monotonic(), 0
        while not self.ended.is_set():
            due = begin + number / self.rate
            if (left := due - time.monotonic()) > 0:
                time.sleep(left)
            visitor = threading.Thread(target=self.visit, args=(PATHS[number % len(PATHS)], due))
            visitor.start()
            self.visitors.append(visitor)
            number += 1

    def visit(self, path, due):
        failure = None
        try:
            connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
            connection.request('GET', path, headers={'Host': self.authority, 'Connection': 'close'})
            status = connection.getresponse().status
            connection.close()
            if status >= 500 or status == 404:
                failure = f'{path}: {status}'
        except OSError as error:
            failure = f'{path}: {type(error).__name__}'
        with self.lock:
            # From when it was due: what waits because the machine is busy counts.
            self.latencies.append(time.monotonic() - due)
            if failure:
                self.failures.append(failure)

    def stop(self):
        self.ended.set()
        self.thread.join()
        for visitor in self.visitors:
            visitor.join()
        return sorted(self.latencies), self.failures


class Installation:
    def __init__(self, state):
        self.state, self.program = state, os.path.join(state, 'bin', 'indico-operator')

    def run(self, *words, check=True):
        done = subprocess.run([self.program, *words, '--state-dir', self.state], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        if check and done.returncode:
            sys.exit(f'indico-operator {" ".join(words)}: {done.stderr.strip()}')
        return done.stdout.strip()

    def settle(self):
        """Wait until the unit has been idle and active, or paused, for a moment."""
        quiet, deadline = 0, time.monotonic() + 600
        while quiet < 4:
            if time.monotonic() > deadline:
                sys.exit('the unit does not settle:\n' + self.run('status', check=False))
            units = [line.split() for line in self.run('status', check=False).splitlines() if line.startswith('indico/0')]
            good = bool(units) and units[0][1:3] == ['active', 'idle']
            quiet = quiet + 1 if good else 0
            time.sleep(0.5)


def changes(place, scratch):
    """Each change by its name: what does it, one way and back."""
    names = {option['name'] for option in json.loads(place.run('config', '--format', 'json'))}
    for option, value in OPTIONS.items():
        if option not in names:
            continue
        before = place.run('config', option)
        yield f'{option}', lambda o=option, v=value: place.run('config', f'{o}={v}')
        yield f'{option}, back', lambda o=option, b=before: place.run('config', f'{o}={b}')
    yield 'rotate-secret-key', lambda: place.run('run', 'rotate-secret-key')
    repository = os.path.join(scratch, 'custom')
    git = ['git', '-C', repository, '-c', 'user.name=bench', '-c', 'user.email=bench@example.com']
    os.makedirs(repository)
    os.chmod(scratch, 0o755)
    subprocess.run(['git', 'init', '-q', repository], check=True)
    subprocess.run([*git, 'commit', '-q', '--allow-empty', '-m', 'first'], check=True)
    yield 'customization_sources_url', lambda: place.run('config', f'customization_sources_url=file://{repository}')

    def refresh():
        subprocess.run([*git, 'commit', '-q', '--allow-empty', '-m', 'second'], check=True)
        place.run('run', 'refresh-external-resources')
    yield 'refresh-external-resources', refresh
    yield 'customization_sources_url, back', lambda: place.run('config', 'customization_sources_url=')
    yield 'create-backup', lambda: place.run('run', 'create-backup')


def at(latencies, share):
    return 1000 * latencies[min(len(latencies) - 1, int(len(latencies) * share))]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('state')
    parser.add_argument('--rate', type=float, default=40)
    parser.add_argument('--only', default='')
    options = parser.parse_args()
    place = Installation(options.state)
    authority = urlsplit(place.run('config', 'site_url')).netloc
    only = set(filter(None, options.only.split(',')))
    print(f'{"change":34} {"seconds":>8} {"requests":>9} {"failed":>7} {"p50 ms":>7} {"p99 ms":>7} {"max ms":>7}')
    failed = 0
    with tempfile.TemporaryDirectory(prefix='changes-') as scratch:
        for name, change in changes(place, scratch):
            if only and name.partition(',')[0] not in only:
                continue
            place.settle()
            load = Load(authority, options.rate)
            time.sleep(3)
            begin = time.monotonic()
            change()
            time.sleep(1)
            place.settle()
            took = time.monotonic() - begin
            latencies, failures = load.stop()
            failed += len(failures)
            print(f'{name:34} {took:8.1f} {len(latencies):9} {len(failures):7} {at(latencies, .5):7.0f} '
                  f'{at(latencies, .99):7.0f} {1000 * latencies[-1]:7.0f}  {" ".join(sorted(set(failures))[:3])}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
