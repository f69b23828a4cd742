#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes the daemon's ground away: kills it, fills its disk, turns the clock. See scripts/pebble-faults.sh."""
import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.dont_write_bytecode = True

from target import Broken, Daemon, WebSocket, begin_exec, request

# Told from every other process of the machine by how long they sleep.
MARK = 31_000_000 + os.getpid() % 100_000 * 10
SERVICES = {'web': MARK, 'stubborn': MARK + 1, 'family': MARK + 2}
EXEC_MARK, CHECK_MARK = MARK + 5, MARK + 6
LAYER = f"""
services:
  web: {{override: replace, startup: enabled, command: sleep {SERVICES['web']}}}
  stubborn:
    override: replace
    startup: enabled
    command: sh -c "trap '' TERM; sleep {SERVICES['stubborn']} & wait; wait"
    kill-delay: 50ms
  family: {{override: replace, startup: enabled, command: sh -c "sleep {SERVICES['family']} & wait"}}
checks:
  slow: {{override: replace, period: 100ms, timeout: 90ms, exec: {{command: sh -c "sleep {CHECK_MARK} & wait"}}}}
"""


def expect(condition, text):
    if not condition:
        raise Broken(text)


def result_of(reply):
    return json.loads(reply[1].split(b'\r\n\r\n', 1)[1])['result']


def processes(number):
    """The pids of `sleep NUMBER`, the living ones."""
    found = []
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                with open(f'/proc/{entry}/cmdline', 'rb') as line, open(f'/proc/{entry}/stat') as stat:
                    if line.read() == b'sleep\0%d\0' % number and stat.read().rsplit(')', 1)[1].split()[0] not in 'ZX':
                        found.append(int(entry))
            except OSError:
                pass
    return found


def await_counts(wanted, seconds=20):
    deadline = time.monotonic() + seconds
    while True:
        counts = {name: len(processes(number)) for name, number in wanted.items()}
        if all(count == 1 for count in counts.values()):
            return
        if time.monotonic() > deadline:
            raise Broken(f'of each service there should be one process: {counts}')
        time.sleep(0.02)


class FaultyDaemon(Daemon):
    started = []

    def __init__(self, binary, directory, prefix=(), environment=None, await_answer=True):
        self.directory, self.socket, self.log = directory, os.path.join(directory, '.pebble.socket'), directory + '.log'
        os.makedirs(os.path.join(directory, 'layers'), exist_ok=True)
        layer = os.path.join(directory, 'layers/001-base.yaml')
        if not os.path.exists(layer):
            with open(layer, 'w') as file:
                file.write(LAYER)
        self.process = subprocess.Popen(
            [*prefix, binary, 'run'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(self.log, 'ab'), start_new_session=True,
            env={'PEBBLE': directory, 'PATH': '/usr/bin:/bin', 'HOME': '/', 'LANG': 'C.UTF-8', **(environment or {})})
        # As the kernel shows it, which cuts it.
        self.program = os.path.basename(binary)[:15]
        self.started.append(self)
        if await_answer:
            self.await_answer()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def answers(self):
        try:
            self.connect().close()
            return True
        except OSError:
            return False

    def await_silence(self, seconds=30):
        """Whether it has stopped listening: of a process that is killed its threads end one by one, its socket with the last."""
        deadline = time.monotonic() + seconds
        while self.answers():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    def await_traced(self):
        """Whether it answers before it is killed; strace, whose child it is, may outlive it."""
        child = None
        deadline = time.monotonic() + 60
        while self.process.poll() is None:
            expect(time.monotonic() < deadline, 'the traced daemon neither answers nor dies')
            child = child or child_of(self.process.pid, self.program)
            if child and name_of(child) != self.program:
                return False
            try:
                if self.get('/v1/system-info')[0] == 200:
                    return True
            except (OSError, Broken):
                time.sleep(0.005)
        return False


def name_of(pid):
    try:
        with open(f'/proc/{pid}/stat') as stat:
            name, rest = stat.read().split('(', 1)[1].rsplit(')', 1)
            return None if rest.split()[0] in 'ZX' else name
    except OSError:
        return None


def child_of(parent, name):
    """The daemon under strace, which has children of its own for a moment."""
    try:
        with open(f'/proc/{parent}/task/{parent}/children') as children:
            return next((pid for pid in children.read().split() if name_of(pid) == name), None)
    except OSError:
        return None


class Flood:
    """Changes without end, and what the daemon acknowledged of them."""

    def __init__(self, daemon, seed):
        self.daemon, self.random = daemon, random.Random(seed)
        self.acknowledged = {}
        self.last_change = 0
        self.threads = [threading.Thread(target=self.run, args=[work]) for work in (self.notices, self.changes, self.commands)]
        for thread in self.threads:
            thread.start()

    def run(self, work):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                work()
            except (OSError, Broken, ValueError, KeyError):
                # Dead, or too slow for this once.
                if not self.daemon.answers():
                    return
                time.sleep(0.01)

    def notices(self):
        key = f'example.com/{self.random.randrange(5)}'
        status, _ = self.daemon.post('/v1/notices', json.dumps({'action': 'add', 'type': 'custom', 'key': key, 'data': {'a': 'x' * 2000}}).encode())
        if status != 200:
            raise OSError
        self.acknowledged[key] = self.acknowledged.get(key, 0) + 1

    def changes(self):
        action = self.random.choice(['start', 'stop', 'restart'])
        status, data = self.daemon.post('/v1/services', json.dumps({'action': action, 'services': [self.random.choice(list(SERVICES))]}).encode())
        if status != 202:
            raise OSError
        self.last_change = max(self.last_change, int(json.loads(data.split(b'\r\n\r\n', 1)[1])['change']))

    def commands(self):
        # What it starts itself, in a group of its own or not, goes with it.
        script = self.random.choice([f'sleep {EXEC_MARK} & wait', f'set -m; sleep {EXEC_MARK} & wait'])
        task, change = begin_exec(self.daemon, ['sh', '-c', script])
        sockets = [WebSocket(self.daemon, f'/v1/tasks/{task}/websocket/{name}') for name in ('control', 'stdio')]
        self.last_change = max(self.last_change, int(change))
        time.sleep(0.01)
        for stream in sockets:
            stream.close()

    def join(self):
        for thread in self.threads:
            thread.join()


def check_state(daemon, acknowledged, last_change):
    """What was acknowledged is there, and nothing is left that nobody works on."""
    counts = {notice['key']: notice['occurrences'] for notice in result_of(daemon.get('/v1/notices?types=custom'))}
    for key, count in acknowledged.items():
        expect(counts.get(key, 0) >= count, f'{key} was acknowledged {count} times, {counts.get(key, 0)} are there')
    changes = result_of(daemon.get('/v1/changes?select=all'))
    expect(max(int(change['id']) for change in changes) >= last_change, f'change {last_change} is forgotten')
    for change in changes:
        expect(change['ready'] or int(change['id']) > last_change, f'nobody works on {change}')
    return counts


def check_directory(directory):
    extra = [name for name in os.listdir(directory) if not re.fullmatch(r'layers|\.pebble\.(socket|state(\.journal\.\d+)?)', name)]
    expect(not extra, f'left behind: {extra}')
    journals = [name for name in os.listdir(directory) if '.journal.' in name]
    expect(len(journals) <= 2, f'journals pile up: {journals}')


def killed_at_random(binary, scratch, rounds, seed):
    """SIGKILL under a flood of changes, again and again on the same state."""
    generator = random.Random(seed)
    directory = os.path.join(scratch, 'random')
    acknowledged, last_change = {}, 0
    for number in range(rounds):
        daemon = FaultyDaemon(binary, directory)
        if number:
            counts = check_state(daemon, acknowledged, last_change)
            # What was underway when it died may be there or not.
            acknowledged = counts
            check_directory(directory)
        # Some die while they start services, some much later.
        if generator.random() < 0.3:
            await_counts(SERVICES)
        expect(not processes(EXEC_MARK), 'what a command started has outlived its daemon and the next start')
        flood = Flood(daemon, seed + number)
        time.sleep(generator.uniform(0, 0.12))
        daemon.kill()
        flood.join()
        for key, count in flood.acknowledged.items():
            acknowledged[key] = acknowledged.get(key, 0) + count
        last_change = max(last_change, flood.last_change)
    daemon = FaultyDaemon(binary, directory)
    check_state(daemon, acknowledged, last_change)
    await_counts(SERVICES)
    deadline = time.monotonic() + 10
    while len(processes(CHECK_MARK)) > 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    expect(len(processes(CHECK_MARK)) <= 1, f'{len(processes(CHECK_MARK))} commands of one check')
    daemon.stop()
    expect(not any(processes(number) for number in [*SERVICES.values(), EXEC_MARK, CHECK_MARK]), 'processes are left')
    return f'{rounds} kills'


CALLS = 'write,fsync,fdatasync,rename,unlink,fchmod,ftruncate'


def killed_at_each_call(binary, scratch, most, seed):
    """SIGKILL at the first system call that writes, at the second, and so on: from the start on."""
    if not shutil.which('strace') or subprocess.run(['strace', '-o', '/dev/null', 'true'], capture_output=True).returncode != 0:
        return 'skipped: there is no strace, or it may not trace here'
    directory = os.path.join(scratch, 'calls')
    # A state worth losing: a history, and a journal beside the whole.
    daemon = FaultyDaemon(binary, directory)
    flood = Flood(daemon, seed)
    time.sleep(0.3)
    daemon.kill()
    flood.join()
    acknowledged, last_change = dict(flood.acknowledged), flood.last_change
    generator = random.Random(seed)
    kills = 0
    points = sorted(set(range(1, min(most, 41))) | {generator.randrange(41, 400) for _ in range(max(0, most - 40))})
    for point in points:
        prefix = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', f'trace={CALLS}', '-e', f'inject={CALLS}:signal=KILL:when={point}']
        daemon = FaultyDaemon(binary, directory, prefix, await_answer=False)
        flood = Flood(daemon, point) if daemon.await_traced() else None
        if flood:
            flood.join()
        # What it leaves is traced too, and strace with it; what counts is that nobody answers any more.
        expect(daemon.await_silence(), f'call {point} never came')
        daemon.kill()
        kills += 1
        if flood:
            for key, count in flood.acknowledged.items():
                acknowledged[key] = acknowledged.get(key, 0) + count
            last_change = max(last_change, flood.last_change)
        daemon = FaultyDaemon(binary, directory)
        acknowledged = check_state(daemon, acknowledged, last_change)
        check_directory(directory)
        daemon.kill()
    daemon = FaultyDaemon(binary, directory)
    await_counts(SERVICES)
    daemon.stop()
    return f'{kills} kills at system calls {points[0]} to {points[-1]}'


def full_disk(binary, scratch, *_):
    """No room for the state: who entrusts something to the daemon is told, what was there stays, services go on."""
    tiny = '/tmp/tiny'
    if not os.path.ismount(tiny):
        return 'skipped: there is no small disk outside the cage'
    directory = os.path.join(tiny, 'daemon')
    daemon = FaultyDaemon(binary, directory)
    await_counts(SERVICES)
    body = json.dumps({'action': 'add', 'type': 'custom', 'key': 'example.com/before'}).encode()
    expect(daemon.post('/v1/notices', body)[0] == 200, 'cannot add a notice')
    filler = open(os.path.join(tiny, 'filler'), 'wb', buffering=0)
    try:
        while True:
            filler.write(bytes(512))
    except OSError:
        pass
    before = {name: pids for name, pids in ((name, processes(number)) for name, number in SERVICES.items())}
    refused = 0
    for number in range(100):
        body = json.dumps({'action': 'add', 'type': 'custom', 'key': f'example.com/full{number}', 'data': {'a': 'x' * 100}}).encode()
        status, data = daemon.post('/v1/notices', body)
        expect(status in (200, 500), f'{data}')
        if status == 500:
            refused += 1
            expect(b'no space left' in data, f'{data}')
    expect(refused > 80, f'only {refused} of 100 notices were refused')
    identities = b'{"action":"add","identities":{"bob":{"access":"read","local":{"user-id":4242}}}}'
    expect(daemon.post('/v1/identities', identities)[0] == 500, 'an identity was taken that is not kept')
    status, data = daemon.post('/v1/services', b'{"action":"restart","services":["web"]}')
    expect(status == 202, f'a service cannot be restarted when the disk is full: {data}')
    daemon.get(f'/v1/changes/{json.loads(data.split(bytes([13, 10, 13, 10]), 1)[1])["change"]}/wait?timeout=20s', 30)
    expect(processes(SERVICES['web']) not in ([], before['web']), 'the service was not restarted')
    # Killed now, it must come back with what it had.
    filler.close()
    os.unlink(os.path.join(tiny, 'filler'))
    deadline = time.monotonic() + 30
    while daemon.post('/v1/notices', json.dumps({'action': 'add', 'type': 'custom', 'key': 'example.com/after'}).encode())[0] != 200:
        expect(time.monotonic() < deadline, 'there is room again, and still nothing is saved')
        time.sleep(0.1)
    daemon.kill()
    daemon = FaultyDaemon(binary, directory)
    keys = {notice['key'] for notice in result_of(daemon.get('/v1/notices?types=custom'))}
    expect({'example.com/before', 'example.com/after'} <= keys, f'{sorted(keys)[:5]}')
    await_counts(SERVICES)
    daemon.kill()
    # And when it is full at the start: it says so, and leaves all as it is.
    with open(os.path.join(tiny, 'filler'), 'wb', buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(512))
        except OSError:
            pass
    state = {name: open(os.path.join(directory, name), 'rb').read() for name in os.listdir(directory) if name == '.pebble.state'}
    failing = FaultyDaemon(binary, directory, await_answer=False)
    code = failing.process.wait(30)
    os.unlink(os.path.join(tiny, 'filler'))
    expect(code == 1, f'with a full disk the start ends with {code}')
    expect(all(open(os.path.join(directory, name), 'rb').read() == content for name, content in state.items()), 'the state was changed')
    daemon = FaultyDaemon(binary, directory)
    expect('example.com/after' in {notice['key'] for notice in result_of(daemon.get('/v1/notices?types=custom'))}, 'a notice is lost')
    await_counts(SERVICES)
    daemon.stop()
    shutil.rmtree(directory)
    return f'{refused} notices refused'


def turned_clock(binary, scratch, *_):
    """The clock of the wall jumps: nothing is restarted, checks and waiting go on by the other one."""
    library = next((path for path in [
        '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1', '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1'] if os.path.exists(path)), None)
    if not library:
        return 'skipped: libfaketime is not installed'
    directory = os.path.join(scratch, 'clock')
    offset = os.path.join(scratch, 'offset')
    with open(offset, 'w') as file:
        file.write('+0')
    os.makedirs(os.path.join(directory, 'layers'))
    with open(os.path.join(directory, 'layers/001-base.yaml'), 'w') as file:
        file.write(LAYER + '  quick: {override: replace, period: 200ms, exec: {command: "true"}}\n')
    daemon = FaultyDaemon(binary, directory, environment={
        'LD_PRELOAD': library, 'FAKETIME_TIMESTAMP_FILE': offset, 'FAKETIME_NO_CACHE': '1', 'FAKETIME_DONT_FAKE_MONOTONIC': '1',
        'DONT_FAKE_MONOTONIC': '1', 'FAKETIME_DONT_RESET': '1'})
    await_counts(SERVICES)
    before = {name: processes(number) for name, number in SERVICES.items()}
    steps = ['+1d', '-1d', '+3000d', '-3000d', '+40m', '+0']
    for step in steps:
        with open(offset, 'w') as file:
            file.write(step)
        successes = check_successes(daemon)
        start = time.monotonic()
        daemon.get('/v1/notices?types=custom&timeout=300ms')
        expect(0.2 < time.monotonic() - start < 10, f'{step}: 300 ms took {time.monotonic() - start} s')
        deadline = time.monotonic() + 20
        while check_successes(daemon) < successes + 2:
            expect(time.monotonic() < deadline, f'{step}: the checks stand still')
            time.sleep(0.02)
        now = {name: processes(number) for name, number in SERVICES.items()}
        expect(now == before, f'{step}: {before} became {now}')
        if step not in ('-1d', '+3000d'):
            continue
        # One that dies comes back after its back-off, whatever the clock says.
        os.kill(before['web'][0], signal.SIGKILL)
        while before['web'][0] in processes(SERVICES['web']):
            time.sleep(0.01)
        await_counts(SERVICES)
        before = {name: processes(number) for name, number in SERVICES.items()}
    shown = subprocess.run(['date', '+%Y'], env={'LD_PRELOAD': library, 'FAKETIME': '+3000d'}, capture_output=True).stdout
    expect(int(shown) > time.gmtime().tm_year + 5, 'the clock was not turned at all')
    daemon.stop()
    return f'{len(steps)} steps of the clock'


def check_successes(daemon):
    return next(check.get('successes', 0) for check in result_of(daemon.get('/v1/checks')) if check['name'] == 'quick')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--bin', required=True)
    parser.add_argument('--kills', type=int, default=200, help='at random moments')
    parser.add_argument('--calls', type=int, default=60, help='at system calls')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--only')
    arguments = parser.parse_args()
    scratch = tempfile.mkdtemp(dir='/tmp')
    failed = 0
    for fault, count in [(killed_at_random, arguments.kills), (killed_at_each_call, arguments.calls), (full_disk, 0), (turned_clock, 0)]:
        if arguments.only and arguments.only not in fault.__name__:
            continue
        start = time.monotonic()
        name = fault.__name__.replace('_', ' ')
        try:
            print(f'  {name}: {fault(arguments.bin, scratch, count, arguments.seed)} ({time.monotonic() - start:.1f} s)', flush=True)
        except (Broken, OSError, ValueError, KeyError, StopIteration) as problem:
            failed += 1
            print(f'FAILED: {name}: {problem if isinstance(problem, Broken) else traceback.format_exc()}'[:4000], flush=True)
        for daemon in FaultyDaemon.started:
            if daemon.process.poll() is None:
                daemon.kill()
        for number in [*SERVICES.values(), EXEC_MARK, CHECK_MARK]:
            for pid in processes(number):
                os.kill(pid, signal.SIGKILL)
    print(f'faults: {failed} failed')
    return 1 if failed else 0


sys.exit(main())
