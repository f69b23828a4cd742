#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Faults of pods under load; scripts/pods.sh runs it on an installation of its own.

    scripts/pods.py STATE [--rate 40] [--only NAME[,NAME...]]

A steady rate of requests goes through the front, whether or not earlier ones were answered, while each fault happens and
until all units serve again. A request fails that has no answer within a minute, or one of 5xx or 404. Where a unit is
drained none may fail; where a pod is killed, at most those that were under way at that moment. Beside it the scheduler's
processes are counted ten times a second: never more than one. One session, logged in at first, must be known after each.
Ends with 1 when something of that is not so.
"""
import argparse
import http.client
import http.cookiejar
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

PATHS = ('/ping', '/ping', '/ping', '/contact', '/ping', '/ping', '/login/', '/ping', '/ping', '/ping')
EMAIL, PASSWORD = 'admin@example.com', 'Sesame-open-4711'


def podman(*words):
    return subprocess.run(['podman', *words], check=True, capture_output=True, text=True).stdout


class Load:
    """Requests at a steady rate, each on a thread of its own."""

    def __init__(self, authority, rate):
        self.host, _, port = authority.partition(':')
        self.port, self.authority, self.rate = int(port or 80), authority, rate
        self.done, self.open, self.lock, self.ended, self.number = [], {}, threading.Lock(), threading.Event(), 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        begin, visitors = time.monotonic(), []
        while not self.ended.is_set():
            due = begin + self.number / self.rate
            if (left := due - time.monotonic()) > 0:
                time.sleep(left)
            visitors.append(threading.Thread(target=self.visit, args=(self.number,)))
            visitors[-1].start()
            self.number += 1
        for visitor in visitors:
            visitor.join()

    def visit(self, number):
        path, began, failure = PATHS[number % len(PATHS)], time.monotonic(), None
        with self.lock:
            self.open[number] = began
        try:
            connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
            connection.request('GET', path, headers={'Host': self.authority, 'Connection': 'close'})
            answer = connection.getresponse()
            answer.read()
            connection.close()
            if answer.status >= 500 or answer.status == 404:
                failure = f'{path}: {answer.status}'
        except (OSError, http.client.HTTPException) as error:
            failure = f'{path}: {type(error).__name__} {error}'
        with self.lock:
            del self.open[number]
            self.done.append((began, time.monotonic() - began, failure))

    def under_way(self):
        with self.lock:
            return len(self.open)

    def stop(self):
        self.ended.set()
        self.thread.join()
        return self.done


class Beats:
    """Counts Celery's schedulers in the pods ten times a second."""

    def __init__(self):
        self.most, self.looks, self.without, self.ended = 0, 0, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    @staticmethod
    def count():
        found = 0
        for name in os.listdir('/proc'):
            if not name.isdigit():
                continue
            try:
                with open(f'/proc/{name}/cmdline', 'rb') as file:
                    words = file.read().split(b'\0')
            except OSError:
                continue
            # The environment is at this place in the image only.
            if words[:1] == [b'/opt/indico/bin/python'] and words[2:4] == [b'celery', b'beat']:
                found += 1
        return found

    def run(self):
        while not self.ended.is_set():
            count = self.count()
            self.most, self.looks, self.without = max(self.most, count), self.looks + 1, self.without + (count == 0)
            time.sleep(0.1)

    def stop(self):
        self.ended.set()
        self.thread.join()


class Session:
    """A person who is logged in."""

    def __init__(self, authority):
        self.authority, self.jar = authority, http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path):
        with self.opener.open(f'http://{self.authority}{path}', timeout=60) as answer:
            return answer.read().decode(errors='replace')

    def log_in(self):
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get('/login/')).group(1)
        form = {'csrf_token': token, '_provider': 'indico', 'identifier': EMAIL, 'password': PASSWORD}
        self.opener.open(f'http://{self.authority}/login/', urllib.parse.urlencode(form).encode(), timeout=60).read()

    def is_known(self):
        return EMAIL in self.get('/api/user/')


class Place:
    def __init__(self, state):
        self.state, self.program = state, os.path.join(state, 'bin', 'indico-operator')

    def run(self, *words, text=None, check=True):
        done = subprocess.run([self.program, *words, '--state-dir', self.state], input=text, capture_output=True, text=True)
        if check and done.returncode:
            raise RuntimeError(f'indico-operator {" ".join(words)}: {done.stdout}{done.stderr}'.strip())
        return done.stdout.strip()

    def status(self):
        return json.loads(self.run('status', '--format', 'json'))

    def settle(self, units):
        """Wait until so many units serve, are active and idle, for a moment."""
        quiet, deadline = 0, time.monotonic() + 600
        while quiet < 6:
            if time.monotonic() > deadline:
                raise RuntimeError('the pods do not settle:\n' + self.run('status', check=False))
            status = self.status()
            good = len(status['units']) == units and sum(u['leader'] for u in status['units']) == 1 and all(
                u['serving'] and u['workload'] == 'active' and u['agent'] == 'idle' for u in status['units']
            ) and all(p['ready'] == p['containers'] and p['status'] == 'Running' for p in status['pods'])
            quiet = quiet + 1 if good else 0
            time.sleep(0.5)
        return status

    def leader(self):
        return next(u['name'] for u in self.status()['units'] if u['leader']).replace('/', '-')

    def celery(self):
        """The pod whose scheduler runs."""
        for unit in self.status()['units']:
            pod = unit['name'].replace('/', '-')
            listed = podman('exec', f'{pod}-indico', '/usr/bin/pebble', 'services', 'celery-beat')
            if re.search(r'^celery-beat\s+\S+\s+active', listed, re.M):
                return pod
        raise RuntimeError('no unit runs Celery')


class Cable:
    """The cable between a pod and the bridge."""

    def __init__(self, pod):
        process = podman('inspect', '--format', '{{.State.Pid}}', f'{pod}-charm').strip()
        index = self.peer(process)
        links = json.loads(subprocess.run(['ip', '-json', 'link'], check=True, capture_output=True, text=True).stdout)
        link = next(link for link in links if link['ifindex'] == index)
        self.name, self.bridge = link['ifname'], link['master']

    @staticmethod
    def peer(process):
        shown = subprocess.run(['nsenter', '-t', process, '-n', 'ip', '-json', 'link', 'show', 'eth0'], check=True,
                               capture_output=True, text=True).stdout
        return json.loads(shown)[0]['link_index']

    def cut(self):
        subprocess.run(['ip', 'link', 'set', self.name, 'nomaster'], check=True)

    def join(self):
        subprocess.run(['ip', 'link', 'set', self.name, 'master', self.bridge], check=True)


class Faults:
    def __init__(self, place):
        self.place, self.kills = place, []

    def table(self):
        """Each fault by its name: what it does, the units afterwards, and whether a pod is lost without notice."""
        return [
            ('scale from 1 to 3', lambda: self.place.run('add-unit', '-n', '2'), 3, False),
            ("kill the leader's pod", lambda: self.kill(self.place.leader()), 3, True),
            ("kill the Celery unit's pod", lambda: self.kill(self.place.celery()), 3, True),
            ('cut a pod from the network, join it again', self.cut, 3, True),
            ('a changed option', lambda: self.place.run('config', 'indico_support_email=pods@example.com'), 3, False),
            ('a new image', self.image, 3, False),
            ('scale from 3 to 1', lambda: self.place.run('remove-unit', 'indico/1', 'indico/2'), 1, False),
        ]

    def kill(self, pod):
        self.kills.append(time.monotonic())
        podman('pod', 'kill', pod)

    def cut(self):
        pod = next(u['name'] for u in self.place.status()['units'] if not u['leader']).replace('/', '-')
        cable = Cable(pod)
        self.kills.append(time.monotonic())
        cable.cut()
        try:
            deadline = time.monotonic() + 60
            while any(u['serving'] for u in self.place.status()['units'] if u['name'].replace('/', '-') == pod):
                if time.monotonic() > deadline:
                    raise RuntimeError(f'{pod} is cut off and still gets visitors')
                time.sleep(0.2)
            time.sleep(10)
        finally:
            cable.join()

    def image(self):
        container = subprocess.run(['buildah', 'from', '--pull-never', 'localhost/indico:latest'], check=True,
                                   capture_output=True, text=True).stdout.strip()
        try:
            subprocess.run(['buildah', 'config', '--label', f'org.indico.roll={time.time()}', container], check=True)
            subprocess.run(['buildah', 'commit', '--quiet', container, 'localhost/indico:next'], check=True,
                           stdout=subprocess.DEVNULL)
        finally:
            subprocess.run(['buildah', 'rm', container], check=True, stdout=subprocess.DEVNULL)
        self.place.run('attach-resource', 'indico-image=localhost/indico:next')


def at(latencies, share):
    return 1000 * latencies[min(len(latencies) - 1, int(len(latencies) * share))] if latencies else 0


def run(place, authority, rate, only):
    session, beats, problems = Session(authority), Beats(), []
    # On a busy machine the action has not been done in its minute; what it did all the same is no failure either.
    for _ in range(5):
        place.run('run', 'add-admin', f'email={EMAIL}', text=PASSWORD + '\n', check=False)
        session.log_in()
        if session.is_known():
            break
    else:
        raise RuntimeError('nobody is logged in')
    print(f'{"fault":44} {"took":>6} {"requests":>8} {"failed":>6} {"in flight":>9} {"p50 ms":>7} {"p99 ms":>7} {"beats":>5} session')
    faults = Faults(place)
    try:
        for name, fault, units, is_sudden in faults.table():
            if only and name not in only:
                continue
            beats.most, faults.kills = 0, []
            load = Load(authority, rate)
            time.sleep(5)
            began, in_flight = time.monotonic(), load.under_way()
            error = None
            try:
                fault()
                place.settle(units)
            except (RuntimeError, subprocess.CalledProcessError, StopIteration) as failure:
                error = f'{name}: {failure} {getattr(failure, "stderr", "") or ""}'
            took = time.monotonic() - began
            time.sleep(3)
            done = load.stop()
            failures = [(when, failure) for when, _, failure in done if failure]
            latencies = sorted(length for _, length, _ in done)
            if faults.kills:
                in_flight = sum(when <= faults.kills[0] <= when + length for when, length, _ in done)
            known = session.is_known()
            print(f'{name:44} {took:5.0f}s {len(done):8} {len(failures):6} {in_flight if is_sudden else "-":>9} '
                  f'{at(latencies, .5):7.0f} {at(latencies, .99):7.0f} {beats.most:5} {"kept" if known else "LOST"}', flush=True)
            if error:
                problems.append(error)
            if len(failures) > (in_flight if is_sudden else 0):
                problems.append(f'{name}: {len(failures)} failed: ' + '; '.join(sorted({f for _, f in failures}))[:400])
            if beats.most > 1:
                problems.append(f'{name}: {beats.most} schedulers at once')
            if not known:
                problems.append(f'{name}: the session is lost')
            if error:
                break
    finally:
        beats.stop()
    print(f'schedulers: at most one in {beats.looks} looks, none in {beats.without}')
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('state')
    parser.add_argument('--rate', type=float, default=40)
    parser.add_argument('--only', default='')
    options = parser.parse_args()
    place = Place(options.state)
    authority = urllib.parse.urlsplit(place.run('config', 'site_url')).netloc
    problems = run(place, authority, options.rate, set(filter(None, options.only.split(','))))
    for problem in problems:
        print(f'pods: {problem}', file=sys.stderr)
    sys.exit(1 if problems else 0)


if __name__ == '__main__':
    main()
