# SPDX-License-Identifier: Apache-2.0
"""The installation under test, by its own command line."""
import json
import re
import subprocess
import time
from pathlib import Path

ADMINISTRATOR, PASSWORD = 'chair@example.com', 'Sw1ftly-arranged'


class Failure(Exception):
    """What was to be and is not."""


def ensure(condition, message):
    if not condition:
        raise Failure(message)


def eventually(what, look, within=60, pace=0.2):
    """Looks until something is there; it alone is waited for, never a time."""
    deadline = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Failure(f'{what}: not within {within} s')
        time.sleep(pace)


class Installation:
    def __init__(self, programs, state):
        self.command = str(Path(programs) / 'indico-operator')
        self.state = Path(state)
        self.log = self.state / 'root/srv/indico/log'

    def run(self, *words, entered='', expect=0):
        done = subprocess.run([self.command, *map(str, words), '--state-dir', str(self.state)], input=entered, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        ensure(done.returncode == expect, f'{" ".join(map(str, words[:2]))} ended with {done.returncode}: {done.stdout}')
        return done.stdout

    def status(self):
        return json.loads(self.run('status', '--format', 'json'))

    def settle(self, workload='active', within=1500):
        """Waits until the charm has nothing left to do, and gives its message."""
        calm = 0

        def look():
            nonlocal calm
            unit = self.status()['unit']
            calm = calm + 1 if (unit['agent'], unit['workload']) == ('idle', workload) else 0
            look.last = unit
            return calm >= 3
        try:
            eventually(f'the unit is {workload}', look, within, pace=0.4)
        except Failure as failure:
            raise Failure(f'{failure}: {look.last}; {self.run("debug-log", "-n", "12")}') from failure
        return look.last['message']

    def python(self, text, *arguments):
        """Runs a few lines in Indico's own environment."""
        root = self.state / 'root'
        done = subprocess.run([str(root / 'opt/indico/bin/python'), '-c', text, *arguments], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                              env={'PYTHONPATH': str(root / 'srv/indico/etc'), 'PATH': '/usr/bin:/bin'})
        return done.returncode, done.stdout

    def make_administrator(self):
        output = self.run('run', 'add-admin', f'email={ADMINISTRATOR}', entered=PASSWORD + '\n')
        ensure(PASSWORD not in output, 'the password is in the answer')


def make_event(browser):
    """A meeting of the visitor's; gives its path."""
    token = csrf(browser)
    fields = [('csrf_token', token), ('category', '{"id":0,"title":"Home"}'), ('title', 'A day with others'),
              ('start_dt', '27/11/2031'), ('start_dt', '10:00'), ('end_dt', '27/11/2031'), ('end_dt', '18:00'),
              ('timezone', 'UTC'), ('location_data', '{"address":"","inheriting":false}'),
              ('protection_mode', 'inheriting'), ('create_booking', 'false')]
    answer = browser.post('/event/create/meeting', [('event-creation-' + name, value) for name, value in fields],
                          headers={'X-Requested-With': 'XMLHttpRequest', 'X-CSRF-Token': token})
    found = re.search(r'/event/\d+/', answer.text)
    ensure(found, f'the event is not made: {answer.status_code} {answer.text[:500]}')
    return found[0]


def csrf(browser):
    found = re.search(r'id="csrf-token" content="([^"]*)"', browser.get('/').text)
    ensure(found, 'the page has no token')
    return found[1]
