#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Changes the Indico of a running installation to others, good and bad ones, and kills that half way.

    scripts/refresh_test.py STATE [CASE...]

STATE is the directory of an installation that is up; who owns it may run this. Each case ends with the Indico it began with,
or says what is wrong. Without cases all are run, in this order:

    unloadable  an Indico that cannot be loaded is refused before anything is touched
    failing     one whose schema cannot be upgraded: the old one serves again
    unusable    one whose log-in page fails: the old one serves again, on the restored database
    next        one that needs another schema, and the way back with the database of before
    killed      the same, killed with -9 in each of its steps; it goes on by itself. `killed:Backup` is that step alone
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = "SELECT coalesce(to_regclass('events.of_a_test')::text, 'none')"


class Installation:
    def __init__(self, state):
        self.state, self.program = Path(state).resolve(), Path(state).resolve() / 'bin/indico-operator'

    def begin(self, *words):
        return subprocess.Popen([self.program, *words, '--state-dir', self.state], stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, *words):
        process = self.begin(*words)
        said = process.communicate()[0]
        print(said, flush=True)
        return process.returncode, said

    def ask(self, statement):
        port = json.loads((self.state / 'settings.json').read_text())['ports']['postgresql']
        secret = json.loads((self.state / 'local/credentials.json').read_text())['postgresql']
        return subprocess.run(['psql', '--no-psqlrc', '-qAt', f'postgresql://indico@127.0.0.1:{port}/indico', '-c', statement],
                              env=os.environ | {'PGPASSWORD': secret}, check=True, capture_output=True, text=True).stdout.strip()

    def status(self):
        done = subprocess.run([self.program, 'status', '--format', 'json', '--state-dir', self.state], capture_output=True)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def environment(self):
        return os.readlink(self.state / 'root/opt/indico')

    def until_active(self):
        deadline = time.monotonic() + 1800
        while self.status().get('unit', {}).get('workload') != 'active' or (self.state / 'refresh.json').exists():
            expect(time.monotonic() < deadline, 'it does not become active')
            time.sleep(2)


def expect(holds, what):
    if not holds:
        sys.exit(f'refresh-test: {what}')


def refused(place, requirements, told):
    """A change that ends where it began."""
    before = place.environment(), place.ask('SELECT count(*) FROM users.users'), place.ask(TABLE)
    code, said = place.run('refresh', '--requirements', requirements)
    expect(code == 1 and told in said, f'it ended with {code}, and was to say: {told}')
    place.until_active()
    expect((place.environment(), place.ask('SELECT count(*) FROM users.users'), place.ask(TABLE)) == before,
           'not all is as it was')


def forth_and_back(place, requirements):
    before = place.environment()
    expect(place.run('refresh', '--requirements', requirements)[0] == 0, 'it was not changed')
    expect(place.environment() != before and place.ask(TABLE) == 'events.of_a_test', 'the schema was not upgraded')
    back(place, before)


def back(place, before):
    code, said = place.run('refresh', '--back')
    expect(code == 1 and '--discard-changes' in said, 'going back loses changes, and nobody was told')
    expect(place.run('refresh', '--back', '--discard-changes')[0] == 0, 'it did not go back')
    place.until_active()
    expect(place.environment() == before and place.ask(TABLE) == 'none', 'not all is as it was')


def killed(place, requirements, steps):
    before = place.environment()
    for step in steps:
        process = place.begin('refresh', '--requirements', requirements)
        for line in process.stdout:
            print(line, end='', flush=True)
            if f'{step} ...' in line:
                process.send_signal(signal.SIGKILL)
                break
        process.wait()
        print(f'refresh-test: killed in {step}', flush=True)
        place.until_active()
        expect(place.environment() != before and place.ask(TABLE) == 'events.of_a_test', f'killed in {step} it did not go on')
        back(place, before)


STEPS = 'Maintenance page', 'Backup', 'New environment', 'Database', 'Looking at Indico', 'Visitors'
CASES = {
    'unloadable': lambda place, file: refused(place, file, 'broken on purpose'),
    'failing': lambda place, file: refused(place, file, 'division by zero'),
    'unusable': lambda place, file: refused(place, file, '/login/ answers with 500'),
    'next': forth_and_back,
    'killed': lambda place, file: killed(place, file, STEPS),
} | {f'killed:{step}': lambda place, file, step=step: killed(place, file, [step]) for step in STEPS}


def main(state, *cases):
    cases = cases or [case for case in CASES if ':' not in case]
    place = Installation(state)
    payload = sorted((place.state / 'share/packaging').glob('requirements-indico-*.txt'))[-1]
    with tempfile.TemporaryDirectory(prefix='refresh-test-', dir='/var/tmp') as scratch:
        os.chmod(scratch, 0o755)
        for case in cases:
            kind = 'next' if case.startswith('killed') else case
            made = subprocess.run([ROOT / 'scripts/other_indico.py', kind, payload, scratch], check=True, capture_output=True)
            print(f'== {case}', flush=True)
            CASES[case](place, made.stdout.decode().strip())
    print(f'refresh-test: {len(cases)} passed, 0 failed')


if __name__ == '__main__':
    if len(sys.argv) < 2 or any(case not in CASES for case in sys.argv[2:]):
        sys.exit(__doc__)
    main(*sys.argv[1:])
