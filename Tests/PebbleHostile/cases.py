# SPDX-License-Identifier: Apache-2.0
"""Attacks that were thought of: each a function that raises Broken when the daemon does what it must not."""
import json
import os
import socket
import subprocess
import sys
import time

from target import Broken, WebSocket, begin_exec, judge, read_reply, request

CASES = []


def case(function):
    CASES.append(function)
    return function


def expect(condition, text):
    if not condition:
        raise Broken(text)


def expect_refused(daemon, name, data, timeout=10, shut=False):
    """4xx, a redirect's refusal or a closed connection; nothing else."""
    reply = daemon.ask(data, timeout, shut)
    status = judge(name, data, reply)
    expect(status == 0 or 400 <= status < 500, f'{name}: {status} for {data[:200]!r}: {reply[1][:300]!r}')
    daemon.check_alive(name)


# HTTP that is none.

@case
def what_is_no_http_is_refused(daemon):
    for data in [
        b'\x00' * 64, b'\x16\x03\x01\x02\x00\x01\x00', b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', b'GET\r\n\r\n',
        b'GET /v1/system-info\r\n\r\n', b'GET /v1/system-info HTTP/9.9\r\nHost: a\r\n\r\n',
        b'G\x00T /v1/system-info HTTP/1.1\r\nHost: a\r\n\r\n', b'GET /v1/system-info HTTP/1.1\r\nHost\r\n\r\n',
        b'GET /v1/system-info HTTP/1.1\r\nHo st: a\r\n\r\n', b'GET /v1/system-info HTTP/1.1\r\nHost : a\r\n\r\n',
        b'GET /v1/system-info HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n',
        b'GET /v1/system-info HTTP/1.1\r\nHost: a\r\n folded: yes\r\n\r\n',
        'GET /v1/syst\u00e9m HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'.encode('latin-1'),
        b'GET  /v1/nope HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
        b'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
        b'CONNECT localhost:22 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
        b'TRACE /v1/services HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
        b'\xff\xfe\xfd\xfc\r\n\r\n', b'\r\n' * 3000 + b'nonsense\r\n\r\n',
    ]:
        expect_refused(daemon, 'no HTTP', data)


@case
def a_head_that_is_too_large_is_refused(daemon):
    line = b'GET /v1/services HTTP/1.1\r\nHost: a\r\nConnection: close\r\n'
    for data in [
        line + b'X: ' + b'a' * 200_000 + b'\r\n\r\n', line + b''.join(b'X%d: a\r\n' % n for n in range(50_000)) + b'\r\n',
        b'GET /' + b'a' * 2_000_000 + b' HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
        line + b'a' * 300_000, b'G' * 1_000_000,
    ]:
        expect_refused(daemon, 'large head', data)


@case
def bodies_whose_end_can_be_argued_about_are_refused(daemon):
    hidden = b'POST /v1/services HTTP/1.1\r\nHost: a\r\nContent-Length: 22\r\n\r\n{"action":"autostart"}'
    post = b'POST /v1/services HTTP/1.1\r\nHost: a\r\n'
    for data in [
        post + b'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' + hidden,
        post + b'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n' + hidden,
        post + b'Content-Length: 0\r\nContent-Length: 90\r\n\r\n' + hidden,
        post + b'Content-Length: 0, 90\r\n\r\n' + hidden, post + b'Content-Length: +5\r\n\r\nabcde' + hidden,
        post + b'Content-Length: 0x10\r\n\r\n' + hidden, post + b'Content-Length: -1\r\n\r\n' + hidden,
        post + b'Content-Length: 99999999999999999999999\r\n\r\n' + hidden,
        post + b'Content-Length: 18446744073709551615\r\n\r\n' + hidden,
        post + b'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n' + hidden,
        post + b'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n' + hidden,
        post + b'Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n' + hidden,
        post + b'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n' + hidden,
        post + b'Content-Length : 0\r\n\r\n' + hidden, post + b'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n' + hidden,
    ]:
        # The status of every reply counts: were the hidden request taken for one, it would be a 202.
        reply = daemon.ask(data, 3, shut=True)
        judge('smuggling', data, reply, may_be_silent=True)
        expect(b'HTTP/1.1 202' not in reply[1], f'the hidden request was taken: {data[:200]!r}: {reply[1]!r}')
        daemon.check_alive('smuggling')


@case
def chunks_that_are_none_are_refused(daemon):
    post = b'POST /v1/services HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n'
    for chunks in [
        b'zz\r\nabc\r\n0\r\n\r\n', b'-1\r\nabc\r\n0\r\n\r\n', b'ffffffffffffffffff\r\nabc\r\n0\r\n\r\n',
        b'fffffffffffffff\r\nabc', b'3\r\nabcdef\r\n0\r\n\r\n', b'3;' + b'x' * 200_000 + b'\r\nabc\r\n0\r\n\r\n',
        b'3\nabc\n0\n\n', b'0\r\n' + b''.join(b'T%d: a\r\n' % n for n in range(50_000)) + b'\r\n',
        b'0x3\r\nabc\r\n0\r\n\r\n', b'3\r\nabc0\r\n\r\n', b'\r\n\r\n', b'1\r\n{\r\n' * 5000 + b'0\r\n\r\n',
    ]:
        expect_refused(daemon, 'chunks', post + chunks, shut=True)


@case
def a_request_in_single_bytes_is_a_request(daemon):
    with daemon.connect() as stream:
        for byte in request('POST', '/v1/services', b'{"action":"fly"}'):
            stream.sendall(bytes([byte]))
        status, data = read_reply(stream)
    expect(status == 400 and b'must specify services for fly action' in data, f'{data!r}')


@case
def requests_in_one_go_are_answered_in_order(daemon):
    good = b'GET /v1/system-info HTTP/1.1\r\nHost: a\r\n\r\n'
    data = good * 100 + b'GET /v1/nope HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
    status, reply = daemon.ask(data)
    expect(reply.count(b'HTTP/1.1 200 OK') == 100, f'{reply.count(b"HTTP/1.1 200 OK")} of 100')
    expect(reply.rstrip().endswith(b'}') and reply.count(b'HTTP/1.1 404') == 1, f'{reply[-300:]!r}')


@case
def a_client_that_has_shut_its_side_gets_its_reply(daemon):
    for data in [request('GET', '/v1/services'), request('POST', '/v1/services', b'{"action":"fly"}')]:
        for data in [data, data.replace(b'Connection: close\r\n', b'')]:
            status, reply = daemon.ask(data, 10, shut=True)
            expect(status in (200, 400), f'half-closed: {status} {reply!r}')


@case
def a_body_that_is_announced_and_does_not_come_ends_with_the_connection(daemon):
    for path in ['/v1/services', '/v1/layers', '/v1/exec', '/v1/files', '/v1/notices', '/v1/identities']:
        head = b'POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\nContent-Type: application/json\r\n\r\n{"act'
        data = head % path.encode()
        reply = daemon.ask(data, 10, shut=True)
        judge(path, data, reply)


@case
def a_body_beyond_the_limit_is_refused(daemon):
    blank = b'{"action":"start","services":[' + b'"a",' * 4_300_000 + b'"a"]}'
    for path in ['/v1/services', '/v1/exec']:
        expect_refused(daemon, 'large body', request('POST', path, blank), 60)
    # No byte of it needs to come for it to be too much.
    huge = b'POST /v1/layers HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000000000000000\r\n\r\n{'
    reply = daemon.ask(huge, 10)
    expect(400 <= reply[0] < 500, f'a body of nine exabytes: {reply}')


@case
def json_that_is_nested_without_end_is_refused(daemon):
    deep = 200_000
    for path in ['services', 'layers', 'exec', 'files', 'notices', 'identities', 'signals', 'checks', 'checks/refresh']:
        for body in [b'[' * deep, b'{"a":' * deep, b'{"action":' + b'[' * deep + b']' * deep + b'}',
                     b'{"identities":' + b'{"a":' * deep + b'1' + b'}' * deep + b'}']:
            data = request('POST', f'/v1/{path}', body, [('Content-Type', 'application/json')])
            expect_refused(daemon, f'nested JSON at {path}', data, 30)


@case
def json_of_the_wrong_shape_is_refused(daemon):
    values = [b'null', b'1', b'-1', b'1e999', b'"a"', b'[]', b'{}', b'true', b'"\\ud800"', b'"\xff\xfe"', b'99999999999999999999',
              b'[null]', b'[{}]', b'{"a":null}', b'"\\u0000"', b'""', b'0.5']
    keys = {
        'services': ['action', 'services'], 'layers': ['action', 'label', 'format', 'layer', 'combine', 'inner'],
        'exec': ['command', 'environment', 'working-dir', 'timeout', 'user-id', 'user', 'group-id', 'group', 'terminal',
                 'interactive', 'split-stderr', 'width', 'height', 'service-context'],
        'notices': ['action', 'type', 'key', 'repeat-after', 'data'], 'identities': ['action', 'identities'],
        'signals': ['signal', 'services'], 'checks': ['action', 'checks'], 'checks/refresh': ['name'],
        'changes/1': ['action'], 'files': ['action', 'dirs', 'paths', 'files'], 'pairing': ['action'],
    }
    # What is right but for the one value, so that the value is what is looked at.
    right = {
        'services': {'action': 'start', 'services': ['zzz']}, 'layers': {'action': 'add', 'label': 'xyz', 'format': 'yaml', 'layer': '{'},
        'exec': {'command': ['/nowhere']}, 'notices': {'action': 'add', 'type': 'custom', 'key': 'nothing'},
        'identities': {'action': 'update', 'identities': {'zed': None}}, 'signals': {'signal': 'SIGNOPE', 'services': ['zzz']},
        'checks': {'action': 'start', 'checks': ['zzz']}, 'checks/refresh': {'name': 'zzz'}, 'changes/1': {'action': 'undo'},
        'files': {'action': 'remove', 'paths': [{'path': 'relative'}]}, 'pairing': {'action': 'pair'},
    }
    for path, names in keys.items():
        for name in names:
            for value in values:
                body = right[path] | {name: '@'}
                data = request('POST', f'/v1/{path}', json.dumps(body).encode().replace(b'"@"', value),
                               [('Content-Type', 'application/json')])
                judge(f'{path} {name}', data, daemon.ask(data))
    daemon.check_alive('wrong shapes')


@case
def texts_that_are_no_utf8_or_escape_the_line_are_harmless(daemon):
    for path in [b'/v1/\xff\xfe', b'/v1/%ff%fe', b'/v1/services?names=%00', b'/v1/files?action=list&path=/%00/etc',
                 b'/v1/changes/%0a%0d', b'/v1/notices/%2e%2e', b'/v1/%2e%2e/%2e%2e/etc/passwd', b'/v1/services%3fnames=a',
                 b'/v1/logs?n=99999999999999999999', b'/v1/logs?n=-9223372036854775808', b'/v1/tasks/%/websocket/stdio',
                 b'/v1/changes/-1', b'/v1/changes/1/wait?timeout=9999999999999h', b'/v1/changes/1/wait?timeout=-1s',
                 b'/v1/notices?after=9999-99-99T99:99:99Z', b'/v1/notices?timeout=1e9s', b'/v1/notices?user-id=-1',
                 b'/v1/files?action=list&path=/&pattern=' + b'%5B' * 5000,
                 b'/v1/files?action=list&path=/usr/bin&pattern=' + b'*a' * 200 + b'b', b'/v1/health?level=%ff', b'/v1/%25%25%',
                 b'/v1/checks?names=' + b'a,' * 20_000, b'http://elsewhere/v1/services', b'//v1//services', b'*', b'/' + b'../' * 5000]:
        data = b'GET ' + path + b' HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
        judge(f'{path[:80]}', data, daemon.ask(data, 20))
    forged = b'/v1/nope%0a2026-01-01T00:00:00.000Z%20[pebble]%20forged\x1b[31m'
    daemon.ask(b'GET ' + forged + b' HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect('\n2026-01-01T00:00:00.000Z [pebble] forged' not in daemon.tail(), 'a client wrote a line into the log')


def layer_with(text):
    return json.dumps({'action': 'add', 'label': 'extreme', 'combine': True, 'format': 'yaml', 'layer': text}).encode()


@case
def values_out_of_all_proportion_are_taken_or_refused(daemon):
    service = 'services:\n  extreme:\n    override: replace\n    command: "false"\n    on-failure: restart\n    %s: %s\n'
    check = 'checks:\n  extreme:\n    override: replace\n    period: 10ms\n    %s\n'
    target = 'log-targets:\n  extreme:\n    override: replace\n    services: [all]\n    type: %s\n    location: "%s"\n'
    layers = [service % (field, value)
              for field, values in {
                  'backoff-factor': ['-1e300', '-.inf', '.inf', '.nan', '1e300', '0', '1e-300'],
                  'backoff-delay': ['1ns', '-5s', '2562047h', '0s'], 'backoff-limit': ['1ns', '-5s', '2562047h'],
                  'kill-delay': ['0s', '-1s', '2562047h'], 'user-id': ['-1', '4294967295', '4294967296', '9223372036854775807'],
                  'working-dir': ['"\\0"', '/nowhere', '""'], 'environment': ['{"": a}', '{"A=B": c}', '{"A\\0": b}', '{"A": "b\\0c"}'],
              }.items() for value in values]
    layers += [check % text for text in [
        'tcp: {port: 99999999999}', 'tcp: {port: -1}', 'tcp: {port: 65536}', 'tcp: {port: 1, host: "\\0"}', 'tcp: {port: 1, host: "a b"}',
        'http: {url: "http://127.0.0.1:99999/"}', 'http: {url: "http://127.0.0.1:-1/"}', 'http: {url: "http://:0/"}', 'http: {url: "http://[::1/"}',
        'http: {url: "http://%"}', 'http: {url: "ftp://a/"}', 'http: {url: "http://a\\r\\nX: y/"}', 'http: {url: "http://127.0.0.1:1/", headers: {"A\\r\\nB": c}}',
        'http: {url: "http://127.0.0.1:1/", headers: {"A": "b\\r\\nC: d", "": ""}}', 'exec: {command: "true", working-dir: /nowhere}',
        'exec: {command: "\\0"}', 'exec: {command: "true", user-id: -1}', 'exec: {command: "zzz"}', 'exec: {command: "true"}\n    timeout: -1s',
        'exec: {command: "true"}\n    threshold: 9223372036854775807', 'exec: {command: "true"}\n    threshold: -9223372036854775808',
        'exec: {command: "true"}\n    timeout: 2562047h']]
    layers += [target % pair for kind in ['loki', 'syslog', 'opentelemetry'] for pair in [
        (kind, 'http://127.0.0.1:99999/'), (kind, 'tcp://127.0.0.1:99999'), (kind, 'udp://:-1'), (kind, ''), (kind, '://'), (kind, 'http://['),
        (kind, 'tcp://a\\0:1'), (kind, 'unix:///nowhere')]]
    for number, text in enumerate(layers):
        data = request('POST', '/v1/layers', layer_with(text))
        status = judge(text, data, daemon.ask(data))
        if status == 200:
            # It has its effect: the service is started again and again, the check runs, the log is sent.
            for body in [b'{"action":"start","services":["extreme"]}', b'{"action":"start","services":["web"]}']:
                daemon.post('/v1/services', body)
            judge(text, data, daemon.post('/v1/checks/refresh', b'{"name":"extreme"}', 20))
            judge(text, data, daemon.get('/v1/plan?format=yaml'))
            time.sleep(0.03)
        daemon.check_alive(text)
    time.sleep(1)
    daemon.check_alive('values out of all proportion')
    harmless = 'services:\n  extreme: {override: replace, command: sleep 1000}\nchecks:\n  extreme: {override: replace, exec: {command: "true"}}\n'
    # The targets cannot be taken away, but they can be made to want nothing.
    harmless += 'log-targets:\n  extreme: {override: replace, services: [], type: loki, location: "http://127.0.0.1:1/"}\n'
    expect(daemon.post('/v1/layers', layer_with(harmless))[0] == 200, 'no layer is taken any more')
    daemon.post('/v1/services', b'{"action":"stop","services":["extreme"]}')


# Many and slow.

@case
def a_thousand_idle_connections_keep_nobody_out(daemon):
    before = daemon.descriptors()
    streams = []
    try:
        for _ in range(1000):
            streams.append(daemon.connect())
        expect(daemon.get('/v1/services')[0] == 200, 'no answer beside a thousand idle connections')
        change = begin_exec(daemon, ['true'])
        expect(int(change[0]) > 0, 'no exec beside a thousand idle connections')
    finally:
        for stream in streams:
            stream.close()
    daemon.await_descriptors(before + 2)
    expect(daemon.get('/v1/services')[0] == 200, 'no answer after a thousand idle connections')


@case
def requests_that_never_end_keep_nobody_out(daemon):
    before = daemon.descriptors()
    streams = []
    try:
        for number in range(300):
            stream = daemon.connect()
            stream.sendall([b'GET /v1/serv', b'POST /v1/exec HTTP/1.1\r\nHost: a\r\nX-', b'POST /v1/files HTTP/1.1\r\nHost: a\r\n'
                            b'Content-Type: multipart/form-data; boundary=01234567890123456789012345678901\r\n'
                            b'Content-Length: 100000\r\n\r\n--0123'][number % 3])
            streams.append(stream)
        for _ in range(3):
            expect(daemon.get('/v1/services')[0] == 200, 'no answer beside slow requests')
            for stream in streams:
                stream.sendall(b'a')
    finally:
        for stream in streams:
            stream.close()
    daemon.await_descriptors(before + 2)


@case
def followers_that_vanish_are_forgotten(daemon):
    before = daemon.descriptors()
    for _ in range(20):
        streams = [daemon.connect() for _ in range(8)]
        for number, stream in enumerate(streams):
            stream.sendall(request('GET', ['/v1/logs?follow=true', '/v1/notices?timeout=1h', '/v1/changes/999/wait',
                                           '/v1/notices?timeout=1h&types=custom'][number % 4]))
        for stream in streams:
            stream.close()
    daemon.await_descriptors(before + 2)


@case
def a_reader_that_does_not_read_costs_no_memory(daemon):
    path = os.path.join(daemon.directory, 'large')
    with open(path, 'wb') as file:
        file.truncate(2 << 30)
    before = daemon.memory()
    streams = []
    try:
        for _ in range(10):
            stream = daemon.connect()
            stream.sendall(request('GET', f'/v1/files?action=read&path={path}', None, [('Accept', 'multipart/form-data')]))
            streams.append(stream)
        time.sleep(1.5)
        expect(daemon.memory() < before + 64, f'{daemon.memory()} MiB, before it was {before}')
        expect(daemon.get('/v1/services')[0] == 200, 'no answer beside slow readers')
    finally:
        for stream in streams:
            stream.close()
        os.unlink(path)


@case
def pipelined_requests_without_a_reader_cost_no_memory(daemon):
    before = daemon.memory()
    data = b'GET /v1/plan?format=yaml HTTP/1.1\r\nHost: a\r\n\r\n' * 1000
    with daemon.connect(2) as stream:
        try:
            for _ in range(200):
                stream.sendall(data)
        except (TimeoutError, socket.timeout, BrokenPipeError, ConnectionResetError):
            pass
        expect(daemon.memory() < before + 64, f'{daemon.memory()} MiB, before it was {before}')
        expect(daemon.get('/v1/services')[0] == 200, 'no answer beside a flood')
    daemon.check_alive('a flood')
