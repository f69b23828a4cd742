# SPDX-License-Identifier: Apache-2.0
"""Attacks on the WebSockets of commands, and by other users of the machine."""
import json
import os
import random
import subprocess
import sys
import time

from cases import case, expect
from target import Broken, WebSocket, begin_exec, judge, read_reply, request


def socket_path(task, name):
    return f'/v1/tasks/{task}/websocket/{name}'


def open_exec(daemon, command, sockets=('control', 'stdio'), **options):
    task, change = begin_exec(daemon, command, **options)
    return {name: WebSocket(daemon, socket_path(task, name)) for name in sockets}, change, task


def await_change(daemon, change, seconds=20):
    reply = daemon.get(f'/v1/changes/{change}/wait?timeout={seconds}s', seconds + 10)
    if reply[0] != 200:
        raise Broken(f'change {change} does not end: {reply}')
    return json.loads(reply[1].split(b'\r\n\r\n', 1)[1])['result']


def finish(daemon, sockets, change):
    for stream in sockets.values():
        stream.close()
    return await_change(daemon, change)


FRAMES = {
    'unmasked': lambda s: s.send(2, b'abc', masked=False),
    'reserved bits': lambda s: s.send(2, b'abc', reserved=5),
    'reserved opcode': lambda s: s.send(3, b'abc'),
    'reserved control opcode': lambda s: s.send(11, b'abc'),
    'length of nine exabytes': lambda s: s.send(2, b'abc', length=2 ** 63 - 1),
    'length with the top bit': lambda s: s.send(2, b'abc', length=2 ** 64 - 1),
    'length of a gigabyte': lambda s: s.send(2, b'abc', length=1 << 30),
    'long ping': lambda s: s.send(9, b'a' * 126),
    'ping in pieces': lambda s: s.send(9, b'a', fin=False),
    'continuation of nothing': lambda s: s.send(0, b'abc'),
    'text in the middle of text': lambda s: (s.send(1, b'{"com', fin=False), s.send(1, b'mand":"end"}')),
    'text that is no UTF-8': lambda s: s.text(b'\xff\xfe{'),
    'close with half a code': lambda s: s.send(8, b'\x03'),
    'close with a code that is none': lambda s: s.send(8, b'\x00\x01why'),
    'close with a reason that is no text': lambda s: s.send(8, b'\x03\xe8\xff\xff'),
    'close, and then more': lambda s: (s.send(8, b''), s.send(2, b'more')),
    'half a frame': lambda s: s.raw(b'\x82'),
    'half a length': lambda s: s.raw(b'\x82\xff\x00\x00'),
    'no frame at all': lambda s: s.raw(b'GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
    'a thousand pings': lambda s: [s.send(9, b'a') for _ in range(1000)],
    'an empty text': lambda s: s.text(b''),
    'empty pieces': lambda s: [s.send(2, b'', fin=False)] + [s.send(0, b'', fin=False) for _ in range(1000)],
}


@case
def frames_that_are_none_cost_the_connection_at_most(daemon):
    before = daemon.descriptors()
    for name, send in FRAMES.items():
        for victim in ['control', 'stdio']:
            sockets, change, _ = open_exec(daemon, ['cat'])
            send(sockets[victim])
            time.sleep(0.005)
            finish(daemon, sockets, change)
            daemon.check_alive(name)
    daemon.await_descriptors(before + 2)


@case
def a_message_in_pieces_is_one_message(daemon):
    sockets, change, _ = open_exec(daemon, ['cat'])
    sockets['stdio'].send(2, b'first ', fin=False)
    sockets['stdio'].send(9, b'between')
    sockets['stdio'].send(0, b'second ', fin=False)
    sockets['stdio'].send(0, b'third')
    sockets['stdio'].send(1, b'{"comma', fin=False)
    sockets['stdio'].send(0, b'nd":"end"}')
    frames = sockets['stdio'].frames()
    output = b''.join(data for opcode, data in frames if opcode in (0, 2))
    expect(output == b'first second third', f'{frames}')
    expect(finish(daemon, sockets, change)['tasks'][0]['data'] == {'exit-code': 0}, 'cat failed')


@case
def control_messages_of_the_wrong_shape_are_ignored(daemon):
    sockets, change, _ = open_exec(daemon, ['cat'], terminal=True, interactive=True, width=80, height=24)
    values = ['null', '1', '-1', '1e308', '"a"', '[]', '{}', 'true', '""', '99999999999999999999', '{"name":null}', '{"name":5}',
              '{"name":"SIGNOPE"}', '{"name":"9"}', '{"name":"KILL"}', '{"name":"SIG"}', '{"name":"SIGTERM\\u0000"}',
              '{"width":-1,"height":-1}', '{"width":0,"height":0}', '{"width":1e9,"height":70000}', '{"width":"a","height":[]}', '{"width":5}']
    for key in ['signal', 'resize']:
        for value in values:
            sockets['control'].text('{"command":"%s","%s":%s}' % (key, key, value))
    for text in ['', '{', '[]', 'null', '{"command":null}', '{"command":"end"}', '{"command":"signal"}', '{"command":"resize"}',
                 '{"command":' + '[' * 50_000, '{"command":"' + 'a' * 1_000_000 + '"}', '{"command":"\\ud800"}', '\x00']:
        sockets['control'].text(text)
        sockets['stdio'].text(text if 'end' not in text else '{}')
    sockets['control'].text('{"command":"signal","signal":{"name":"SIGTERM"}}')
    ended = await_change(daemon, change)
    expect(ended['tasks'][0]['data'] == {'exit-code': 143}, f'{ended}')
    finish(daemon, sockets, change)


@case
def input_for_a_command_that_cannot_begin_costs_no_memory(daemon):
    task, change = begin_exec(daemon, ['cat'], **{'split-stderr': True})
    before = daemon.memory()
    stdio = WebSocket(daemon, socket_path(task, 'stdio'), timeout=1)
    piece = bytes(1 << 20)
    try:
        for _ in range(200):
            stdio.stream.sendall(b'\x82\xff' + len(piece).to_bytes(8, 'big') + bytes(4) + piece)
            expect(daemon.memory() < before + 40, f'{daemon.memory()} MiB, before it was {before}')
    except OSError:
        pass
    stdio.close()
    await_change(daemon, change)


@case
def a_second_client_of_a_socket_is_refused_and_changes_nothing(daemon):
    sockets, change, task = open_exec(daemon, ['cat'])
    for name in ['stdio', 'control', 'stderr', 'nothing', '%00', '..']:
        second = WebSocket(daemon, socket_path(task, name))
        expect(second.status >= 400 or second.status in (301, 0), f'{name}: {second.status}')
        second.close()
    # At once: what is looked at and what is taken must be one step.
    task2, change2 = begin_exec(daemon, ['cat'])
    racing = [daemon.connect() for _ in range(20)]
    head = request('GET', socket_path(task2, 'stdio'), None, [
        ('Upgrade', 'websocket'), ('Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='), ('Sec-WebSocket-Version', '13'),
    ]).replace(b'Connection: close', b'Connection: Upgrade')
    for stream in racing:
        stream.sendall(head)
    won = 0
    for stream in racing:
        won += stream.recv(4096).startswith(b'HTTP/1.1 101')
    expect(won == 1, f'{won} clients have one socket')
    for stream in racing:
        stream.close()
    await_change(daemon, change2)
    sockets['stdio'].send(2, b'still mine')
    sockets['stdio'].text('{"command":"end"}')
    output = b''.join(data for opcode, data in sockets['stdio'].frames() if opcode == 2)
    expect(output == b'still mine', f'{output}')
    finish(daemon, sockets, change)


@case
def upgrades_that_are_none_are_refused(daemon):
    sockets, change, task = open_exec(daemon, ['cat'])
    path = socket_path(task, 'stdio')
    task2, change2 = begin_exec(daemon, ['cat'])
    free = socket_path(task2, 'stdio')
    key = ('Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==')
    for target in [path, free]:
        for method, headers in [
            ('GET', []), ('GET', [('Upgrade', 'websocket')]), ('GET', [('Upgrade', 'h2c'), key]),
            ('GET', [('Upgrade', 'websocket'), ('Sec-WebSocket-Version', '13')]),
            ('GET', [('Upgrade', 'websocket'), ('Sec-WebSocket-Version', '99'), key]),
            ('GET', [('Upgrade', 'websocket'), ('Sec-WebSocket-Version', '13'), ('Sec-WebSocket-Key', 'short')]),
            ('GET', [('Upgrade', 'websocket'), ('Sec-WebSocket-Version', '13'), key, key]),
            ('POST', [('Upgrade', 'websocket'), ('Sec-WebSocket-Version', '13'), key]),
        ]:
            data = request(method, target, None, headers).replace(b'Connection: close', b'Connection: Upgrade')
            reply = daemon.ask(data, 10, shut=True)
            judge('upgrade', data, reply)
            expect(not reply[1].startswith(b'HTTP/1.1 101'), f'{headers}: {reply[1]!r}')
    await_change(daemon, change2)
    finish(daemon, sockets, change)


@case
def commands_whose_clients_vanish_end(daemon):
    before = daemon.descriptors()
    changes = []
    generator = random.Random(1)
    for number in range(40):
        options = [{}, {'split-stderr': True}, {'terminal': True}, {'terminal': True, 'interactive': True}][number % 4]
        names = ['control', 'stdio'] + (['stderr'] if number % 4 == 1 else [])
        task, change = begin_exec(daemon, ['sh', '-c', 'sleep 1000 & wait'] if number % 2 else ['sleep', '1000'], **options)
        opened = []
        for name in generator.sample(names, len(names)):
            opened.append(WebSocket(daemon, socket_path(task, name)))
            if generator.random() < 0.1:
                break
        for stream in opened:
            stream.close()
        changes.append(change)
    for change in changes:
        daemon.post(f'/v1/changes/{change}', b'{"action":"abort"}')
        # What a command left behind may hold its output; the process that was asked for is gone in any case.
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and left_sleeping(daemon):
        time.sleep(0.05)
    expect(not left_sleeping(daemon), f'commands are left: {left_sleeping(daemon)}')
    kill_stray_sleepers(daemon)
    daemon.await_descriptors(before + 2)


def children(daemon):
    found = []
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                with open(f'/proc/{entry}/stat') as stat, open(f'/proc/{entry}/cmdline', 'rb') as command:
                    fields = stat.read().rsplit(')', 1)[1].split()
                    if int(fields[1]) == daemon.process.pid:
                        found.append((int(entry), fields[0], command.read()))
            except OSError:
                pass
    return found


def left_sleeping(daemon):
    return [item for item in children(daemon) if item[2] == b'sleep\x001000\x00' and is_leader(item[0]) or b'sleep 1000 & wait' in item[2]]


def is_leader(pid):
    try:
        return os.getsid(pid) == pid
    except OSError:
        return False


def kill_stray_sleepers(daemon):
    """Ends what commands started in the background and what was handed to the daemon when they died: its children."""
    for pid, _, command in children(daemon):
        if command == b'sleep\x001000\x00' and not is_leader(pid) and os.getpgid(pid) == os.getsid(pid):
            os.kill(pid, 9)


@case
def another_user_may_read_and_no_more(daemon):
    if os.geteuid() != 0:
        print('  skipped: it takes root to be another user')
        return
    secret = daemon.post('/v1/notices', b'{"action":"add","type":"custom","key":"example.com/root","data":{"a":"b"}}')
    task, change = begin_exec(daemon, ['cat'])
    script = '''
import json, sys
sys.path.insert(0, sys.argv[2])
from target import *
class Other(Daemon):
    def __init__(self, path): self.socket = path
other = Other(sys.argv[1])
asked = json.loads(sys.argv[3])
replies = []
for method, path, body in asked:
    headers = [('Content-Type', 'application/json'), ('Accept', 'multipart/form-data'),
               ('Authorization', 'Basic cm9vdDpyb290')]
    replies.append(other.ask(request(method, path, body.encode() if body else None, headers))[0])
web = WebSocket(other, sys.argv[4])
print(json.dumps([replies, web.status]))
'''
    refused = [
        ('POST', '/v1/services', '{"action":"stop","services":["web"]}'), ('GET', '/v1/plan?format=yaml', ''),
        ('POST', '/v1/layers', '{"action":"add","label":"evil","format":"yaml","layer":"{}"}'),
        ('POST', '/v1/exec', '{"command":["id"]}'), ('POST', '/v1/signals', '{"signal":"SIGKILL","services":["web"]}'),
        ('GET', '/v1/files?action=read&path=/etc/shadow', ''), ('GET', '/v1/files?action=list&path=/root', ''),
        ('POST', '/v1/files', '{"action":"remove","paths":[{"path":"/tmp/evil"}]}'),
        ('POST', f'/v1/changes/{change}', '{"action":"abort"}'), ('POST', '/v1/checks', '{"action":"stop","checks":["alive"]}'),
        ('POST', '/v1/identities', '{"action":"add","identities":{"me":{"access":"admin","local":{"user-id":65534}}}}'),
        ('GET', socket_path(task, 'stdio'), ''), ('GET', '/v1/notices?users=all', ''), ('GET', '/v1/notices?user-id=0', ''),
    ]
    allowed = [('GET', '/v1/services', ''), ('GET', '/v1/system-info', ''), ('GET', '/v1/health', ''), ('GET', '/v1/notices', '')]
    os.chmod(daemon.directory, 0o755)
    result = subprocess.run(
        ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', sys.executable, '-c', script, daemon.socket,
         os.path.dirname(os.path.abspath(__file__)), json.dumps(refused + allowed), socket_path(task, 'stdio')],
        capture_output=True, timeout=60, env={'PYTHONDONTWRITEBYTECODE': '1', 'PATH': '/usr/bin:/bin'})
    expect(result.returncode == 0, f'{result.stderr.decode()}')
    replies, upgrade = json.loads(result.stdout)
    for asked, status in zip(refused, replies):
        expect(status in (401, 403), f'another user gets {status} for {asked}')
    for asked, status in zip(allowed, replies[len(refused):]):
        expect(status == 200, f'another user gets {status} for {asked}')
    expect(upgrade in (401, 403), f'another user gets {upgrade} at a command')
    expect(secret[0] == 200, f'{secret}')
    await_change(daemon, change)


@case
def another_user_keeps_nobody_out(daemon):
    if os.geteuid() != 0:
        print('  skipped: it takes root to be another user')
        return
    before = daemon.descriptors()
    script = '''
import socket, sys, time
streams = []
for _ in range(1000):
    stream = socket.socket(socket.AF_UNIX)
    stream.settimeout(5)
    try:
        stream.connect(sys.argv[1])
        stream.sendall(b'GET /v1/notices?timeout=1h HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n')
        streams.append(stream)
    except OSError:
        pass
print('ready', flush=True)
sys.stdin.read()
'''
    os.chmod(daemon.directory, 0o755)
    other = subprocess.Popen(
        ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', sys.executable, '-c', script, daemon.socket],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        expect(other.stdout.readline() == b'ready\n', 'the other user failed')
        status = daemon.get('/v1/services', timeout=60)[0]
        expect(status == 200, f'another user keeps root out: {status}')
        task, change = begin_exec(daemon, ['true'])
        sockets = {name: WebSocket(daemon, socket_path(task, name)) for name in ['control', 'stdio']}
        expect(all(stream.status == 101 for stream in sockets.values()), 'another user keeps root from commands')
        finish(daemon, sockets, change)
    finally:
        other.stdin.close()
        other.wait(20)
    daemon.await_descriptors(before + 2)
