#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks a daemon and says what it should not have done: see scripts/pebble-hostile.sh.

First the attacks that were thought of, each by its name; then so many that were drawn from a seed.
"""
import argparse
import collections
import os
import re
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True

import cases
import exec_cases
from generator import Generator
from target import Broken, Daemon, begin_exec, judge


def run_case(daemon, function):
    name = function.__name__.replace('_', ' ')
    start = time.monotonic()
    try:
        function(daemon)
        daemon.check_alive(name)
        print(f'  {name} ({time.monotonic() - start:.1f} s)', flush=True)
        return True
    except (Broken, OSError, AssertionError, ValueError, KeyError) as problem:
        text = str(problem) if isinstance(problem, Broken) else traceback.format_exc()
        if daemon.process.poll() is not None:
            text = f'the daemon ended with {daemon.process.returncode}: {daemon.tail()}\n{text}'
        print(f'FAILED: {name}: {text[:4000]}', flush=True)
        return False


def generate(daemon, seed, count, seconds, caged):
    """Returns how many cases of each kind were run before the time was up."""
    generator = Generator(seed, caged)
    daemon.listen_to_clients()
    before = daemon.descriptors()
    deadline = time.monotonic() + seconds
    counts = collections.Counter()
    for number in range(count):
        if time.monotonic() > deadline:
            break
        case = f'case {number} of seed {seed}'
        way = generator.way()
        if number % 10 == 9:
            way = 'administrator' if generator.chance(0.5) else 'unix'
            task, change = begin_exec(daemon, ['cat'])
            exec_change = generator.session(daemon, task, change, way)
            if number % 100 == 99:
                exec_cases.await_change(daemon, exec_change)
            counts[f'WebSocket, {way}'] += 1
        elif number % 10 == 8:
            data = generator.greeting()
            try:
                reply = daemon.ask(data, 15, shut=True, way='https')
            except Broken:
                reply = (0, b'')  # an alert is no HTTP
            judge(case, data, reply)
            counts['TLS itself'] += 1
        else:
            data, shut = generator.http()
            judge(f'{case} by {way}', data, daemon.ask(data, 15, shut=shut, way=way))
            counts[way] += 1
        if daemon.process.poll() is not None:
            daemon.check_alive(case)
    daemon.await_descriptors(before + 60)
    return counts


def check_log(daemon):
    """Every line is one of ours: nobody wrote any for us, and nothing went down with a cry."""
    with open(daemon.log, 'rb') as log:
        for line in log.read().splitlines():
            if not re.match(rb'\d{4}-\d\d-\d\dT[0-9:.]+Z \[pebble\] |\{"type":"security"', line):
                raise Broken(f'a line in the log that is none: {line[:300]!r}')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--bin', required=True)
    parser.add_argument('--cases', type=int, default=3000)
    parser.add_argument('--seconds', type=float, default=30, help='for the drawn cases')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--only', help='only cases whose name has this in it')
    parser.add_argument('--drawn', action='store_true', help='only the drawn cases')
    parser.add_argument('--caged', action='store_true', help='the disk is read-only: attack the files API too')
    arguments = parser.parse_args()
    if arguments.caged:
        import file_cases  # noqa: F401: adds its cases
    scratch = tempfile.mkdtemp(dir='/tmp')
    os.chmod(scratch, 0o755)
    os.makedirs('/tmp/fuzz', exist_ok=True)
    functions = [function for function in cases.CASES if not arguments.only or arguments.only in function.__name__]
    if arguments.drawn:
        functions = []
    failed = 0
    drawn = collections.Counter()
    daemon = None
    for number, function in enumerate(functions):
        if daemon is None or daemon.process.poll() is not None:
            directory = os.path.join(scratch, f'd{number}')
            os.makedirs(directory)
            daemon = Daemon(arguments.bin, directory, f'{directory}.log')
        failed += not run_case(daemon, function)
    if not arguments.only:
        try:
            directory = os.path.join(scratch, 'drawn')
            os.makedirs(directory)
            if daemon is not None and daemon.process.poll() is None:
                check_log(daemon)
                daemon.stop()
            daemon = Daemon(arguments.bin, directory, f'{directory}.log', http='127.0.0.1:0', https='127.0.0.1:0')
            drawn = generate(daemon, arguments.seed, arguments.cases, arguments.seconds, arguments.caged)
            check_log(daemon)
            daemon.stop()
        except (Broken, OSError) as problem:
            text = str(problem) if isinstance(problem, Broken) else traceback.format_exc()
            print(f'FAILED: drawn cases: {text[:3000]}')
            failed += 1
    if daemon is not None and daemon.process.poll() is None:
        daemon.process.kill()
    for kind, count in sorted(drawn.items()):
        print(f'  drawn by {kind}: {count}')
    print(f'hostile: {len(functions)} attacks and {drawn.total()} drawn cases (seed {arguments.seed}), {failed} failed')
    return 1 if failed else 0


sys.exit(main())
