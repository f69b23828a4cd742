#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a change costs visitors: open-loop load through nginx while a running installation is changed.

    bench/changes.py STATE [--rate 40] [--only NAME[,NAME...]]

For each change: load at a steady rate, whether or not earlier requests were answered; then the change; then the load
goes on until the unit is active and idle again. A request fails when it has no answer within a minute or one of 5xx or
404. All options are taken back after they were changed, and that is a change too. STATE is the installation's state
directory; who owns it may run this. Only the password of its database is another afterwards.
"""

import argparse
import http.client
import json
import os
import secrets
import shutil
import socket
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
    'default_timezone': 'Europe/Zurich', 'default_locale': 'fr_FR', 'celery_workers': '1',
    'celery_on_all_units': 'true', 'workers': '2', 'trusted_proxies': '192.0.2.0/24', 'log_level': 'warning',
    'max_upload_size': '512', 'abandon_s3_files': 'true', 'extra_settings': 'CUSTOM_COUNTRIES={}',
    'backup_schedule': '03:00', 'backup_keep': '3', 'local_identities': 'false', 'saml_identifier': 'uid',
    'saml_mapping': 'user_name=uid,email=mail', 'login_rate_limit': '100000', 'api_rate_limit': '100000',
    'synced_fields': 'first_name,last_name', 'https_port': '8444',
    'site_url': 'http://localhost:8080',
}
# A plugin that brings no tables along.
PLUGIN = ('external_plugins=indico-plugin-payment-manual==3.2.1', 'plugins=payment_manual')


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

    def run(self, *words, check=True, said=''):
        done = subprocess.run([self.program, *words, '--state-dir', self.state], input=said, capture_output=True, text=True)
        if check and done.returncode:
            sys.exit(f'indico-operator {" ".join(words)}: {done.stderr.strip()}')
        return done.stdout.strip()

    def settings(self):
        with open(os.path.join(self.state, 'settings.json'), encoding='utf-8') as file:
            return json.load(file)

    def write_settings(self, settings):
        path = os.path.join(self.state, 'settings.json')
        with open(path + '.new', 'w', encoding='utf-8', opener=lambda p, f: os.open(p, f, 0o600)) as file:
            json.dump(settings, file)
        os.rename(path + '.new', path)

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
    """Each change by its name, and what does it."""
    known = {option['name'] for option in json.loads(place.run('config', '--format', 'json'))}
    changed = {option: value for option, value in OPTIONS.items() if option in known}
    # TLS is put in use by `indico-operator tls`, and renewed under load in `make integrations`.
    if missing := known - set(changed) - {'customization_sources_url', 'plugins', 'external_plugins', 'tls_secret'}:
        sys.exit(f'no other value is known for {", ".join(sorted(missing))}')
    before = {option: place.run('config', option) for option in changed}
    for option, value in changed.items():
        yield option, lambda o=option, v=value: place.run('config', f'{o}={v}')
    yield 'all options, back', lambda: place.run('config', *(f'{o}={b}' for o, b in before.items()))
    yield 'rotate-secret-key', lambda: place.run('run', 'rotate-secret-key')
    for turn in ('secret of smtp', 'secret of smtp, rotated'):
        yield turn, lambda p=turn: place.run('integrate', 'smtp', '--host', '127.0.0.1', '--port', '1025', '--user', 'bench',
                                             '--password-stdin', said=p)
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
    yield 'plugin installed', lambda: place.run('config', *PLUGIN)
    yield 'plugin removed', lambda: place.run('config', *(word.partition('=')[0] + '=' for word in PLUGIN))
    yield 'create-backup', lambda: place.run('run', 'create-backup')
    yield 'database password', lambda: rotate_database_password(place)
    for name in ('redis-cache', 'redis-broker'):
        with Replica(place, name, scratch) as replica:
            yield f'{name}, failed over', replica.take_over
            yield f'{name}, back', replica.give_back


def rotate_database_password(place):
    """As a provider does it: the server takes the new one, then the relation tells it."""
    path = os.path.join(place.state, 'local', 'credentials.json')
    with open(path, encoding='utf-8') as file:
        credentials = json.load(file)
    port = place.settings()['ports']['postgresql']
    fresh = secrets.token_hex(16)
    subprocess.run(['psql', '--no-psqlrc', '--quiet', f'postgresql://indico@127.0.0.1:{port}/indico'], check=True, text=True,
                   input=f"ALTER ROLE CURRENT_USER PASSWORD '{fresh}'", stdout=subprocess.DEVNULL,
                   env=os.environ | {'PGPASSWORD': credentials['postgresql']})
    credentials['postgresql'] = fresh
    with open(path + '.new', 'w', encoding='utf-8', opener=lambda p, f: os.open(p, f, 0o600)) as file:
        json.dump(credentials, file)
    os.rename(path + '.new', path)
    place.run('up')


class Replica:
    """A second Redis that follows one of the installation's, and takes its place."""

    def __init__(self, place, name, scratch):
        self.place, self.name = place, name
        self.key = {'redis-cache': 'redisCache', 'redis-broker': 'redisBroker'}[name]
        self.directory = os.path.join(scratch, name)
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            self.port = probe.getsockname()[1]

    def __enter__(self):
        with open(os.path.join(self.place.state, 'local', 'credentials.json'), encoding='utf-8') as file:
            self.password = json.load(file)[self.key]
        os.makedirs(self.directory)
        program = next(filter(None, map(shutil.which, ('redis-server', 'redis-check-rdb'))))
        configuration = os.path.join(self.directory, 'redis.conf')
        with open(configuration, 'w', encoding='utf-8') as file:
            file.write(f'port {self.port}\nbind 127.0.0.1\ndir {self.directory}\nsave ""\nrequirepass {self.password}\n'
                       f'masterauth {self.password}\nreplicaof 127.0.0.1 {self.place.settings()["ports"][self.name]}\n')
        self.process = subprocess.Popen(['redis-server', configuration], executable=program, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while 'master_link_status:up' not in self.ask(self.port, 'INFO replication'):
            if time.monotonic() > deadline:
                sys.exit(f'the second Redis does not follow {self.name}')
            time.sleep(0.2)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def ask(self, port, command):
        try:
            with socket.create_connection(('127.0.0.1', port), timeout=10) as connection:
                connection.sendall(f'AUTH {self.password}\r\n{command}\r\nQUIT\r\n'.encode())
                return b''.join(iter(lambda: connection.recv(65536), b'')).decode()
        except ConnectionError:
            return ''

    def take_over(self):
        """Have it lead, the old one follow it, and the relation tell of it, as a provider does it."""
        own = self.place.settings()['ports'][self.name]
        self.ask(self.port, 'REPLICAOF NO ONE')
        self.ask(own, f'CONFIG SET masterauth {self.password}')
        self.ask(own, f'REPLICAOF 127.0.0.1 {self.port}')
        self.place.run('up', f'--{self.name}-file', '-', said=f'redis://:{self.password}@127.0.0.1:{self.port}')

    def give_back(self):
        own = self.place.settings()['ports'][self.name]
        self.ask(own, 'REPLICAOF NO ONE')
        settings = self.place.settings()
        del settings['external'][self.name]
        self.place.write_settings(settings)
        self.place.run('up')


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
            if only and not any(word in name for word in only):
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
