# SPDX-License-Identifier: Apache-2.0
"""Requests and sessions nobody thought of: the same for the same seed."""
import json
import random
import ssl

from exec_cases import socket_path
from target import WebSocket, request

METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS', 'get', 'M-SEARCH', 'CONNECT', 'TRACE', 'PURGE', '']
TEXTS = ['', 'a', 'web', 'worker', 'alive', '\0', '\n', '../..', '/', '%', '%00', '\u202e', '\U0001f600', 'a' * 300, '-1', '5s', '1ns', '-5m',
         'example.com/key', 'SIGTERM', 'SIGUSR2', 'replace', 'yaml', 'custom', '*', '[', '9' * 40, 'true', 'cat', 'sh', '{}', '"', "'", '\\']
NUMBERS = [0, 1, -1, 2 ** 31, 2 ** 32, 2 ** 63 - 1, -2 ** 63, 2 ** 64, 0.5, 1e300]
# Enough to be understood by; /v1/files is in only where the daemon sits in a cage.
BODIES = {
    '/v1/services': {'action': 'start', 'services': ['worker']}, '/v1/exec': {'command': ['cat'], 'environment': {'A': 'b'}, 'timeout': '1s'},
    '/v1/layers': {'action': 'add', 'label': 'fuzz', 'format': 'yaml', 'combine': True, 'layer': 'services:\n  extra:\n    override: merge\n    command: sleep 1\n'},
    '/v1/signals': {'signal': 'SIGUSR2', 'services': ['worker']}, '/v1/checks': {'action': 'stop', 'checks': ['alive']},
    '/v1/checks/refresh': {'name': 'alive'}, '/v1/identities': {'action': 'replace', 'identities': {'bob': {'access': 'read', 'local': {'user-id': 4242}}}},
    '/v1/notices': {'action': 'add', 'type': 'custom', 'key': 'example.com/key', 'repeat-after': '1s', 'data': {'a': 'b'}},
    '/v1/changes/1': {'action': 'abort'}, '/v1/pairing': {'action': 'pair'},
}
FILE_BODY = {'action': 'make-dirs', 'dirs': [{'path': '/tmp/fuzz/made', 'make-parents': True, 'permissions': '755', 'user-id': 0}],
             'paths': [{'path': '/tmp/fuzz/made', 'recursive': True}], 'files': [{'path': '/tmp/fuzz/file', 'make-dirs': True}]}
READS = ['/v1/services', '/v1/plan?format=yaml', '/v1/changes?select=all', '/v1/changes/1', '/v1/changes/1/wait?timeout=5ms', '/v1/checks',
         '/v1/health?level=alive', '/v1/notices?types=custom', '/v1/notices?timeout=5ms', '/v1/notices/1', '/v1/identities', '/v1/logs?n=5',
         '/v1/metrics', '/v1/system-info', '/v1/tasks/1/websocket/stdio', '/v1/warnings']
HEADERS = [('Content-Type', 'application/json'), ('Accept', 'multipart/form-data'), ('Authorization', 'Basic Ym9iOmE='),
           ('Authorization', 'Basic \xff'), ('Upgrade', 'websocket'), ('Expect', '100-continue'), ('Range', 'bytes=0-'),
           ('Transfer-Encoding', 'chunked'), ('Content-Length', '5'), ('Connection', 'Upgrade'), ('Connection', 'keep-alive'),
           ('Cookie', 'a' * 4000), ('X-HTTP-Method-Override', 'DELETE'), ('Host', ''), ('Sec-WebSocket-Version', '13'),
           ('Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='), ('Accept-Encoding', 'gzip'), ('If-None-Match', '*')]


class Generator:
    def __init__(self, seed, caged):
        self.random = random.Random(seed)
        self.bodies = dict(BODIES)
        self.reads = list(READS)
        if caged:
            self.bodies['/v1/files'] = FILE_BODY
            self.reads += ['/v1/files?action=list&path=/tmp', '/v1/files?action=read&path=/etc/passwd', '/v1/files?action=list&path=/usr/bin&pattern=a*']

    def chance(self, part):
        return self.random.random() < part

    def value(self, depth=0):
        choice = self.random.randrange(9)
        if choice == 0:
            return self.random.choice(NUMBERS)
        if choice == 1:
            return self.random.choice([None, True, False])
        if choice == 2 and depth < 4:
            return [self.value(depth + 1) for _ in range(self.random.randrange(4))]
        if choice == 3 and depth < 4:
            return {self.random.choice(TEXTS): self.value(depth + 1) for _ in range(self.random.randrange(4))}
        return self.random.choice(TEXTS)

    def changed(self, value):
        """What a client might send, with something wrong in it."""
        if self.chance(0.15):
            return self.value()
        if isinstance(value, dict):
            changed = {key: self.changed(item) if self.chance(0.5) else item for key, item in value.items()}
            if self.chance(0.1):
                changed[self.random.choice(TEXTS)] = self.value()
            if changed and self.chance(0.1):
                changed.pop(self.random.choice(list(changed)))
            return changed
        if isinstance(value, list):
            return [self.changed(item) for item in value] * self.random.choice([0, 1, 1, 1, 2, 50])
        return value

    def safe(self, path, body):
        """Commands only from a list, whatever came out: a shell given nonsense is still a shell."""
        if path == '/v1/exec' and isinstance(body, dict) and isinstance(body.get('command'), list) and body['command']:
            body['command'] = [self.random.choice(['cat', 'true', 'false', 'id', 'zzz', ''])]
        return body

    def damaged(self, data):
        """Some bytes changed, cut, doubled or put in."""
        data = bytearray(data)
        for _ in range(self.random.choice([1, 1, 2, 5])):
            if not data:
                break
            at = self.random.randrange(len(data))
            kind = self.random.randrange(5)
            if kind == 0:
                data[at] = self.random.randrange(256)
            elif kind == 1:
                del data[at:at + self.random.randrange(1, 9)]
            elif kind == 2:
                data[at:at] = data[at:at + self.random.randrange(1, 40)]
            elif kind == 3:
                data[at:at] = bytes(self.random.randrange(256) for _ in range(self.random.randrange(1, 5)))
            else:
                data[at] ^= 1 << self.random.randrange(8)
        return bytes(data)

    def layer(self):
        text = self.random.choice([
            'services:\n  extra:\n    override: replace\n    command: sleep 1000 [ a b ]\n    environment: {A: b}\n    kill-delay: 1s\n',
            'checks:\n  more:\n    override: merge\n    period: 5s\n    http: {url: "http://127.0.0.1:1/"}\n',
            'log-targets:\n  t:\n    override: merge\n    type: loki\n    location: http://127.0.0.1:1/\n    services: [all]\n', '&a [*a, *a]', '? - : -\n'])
        return self.damaged(text.encode()).decode('utf-8', 'replace') if self.chance(0.8) else text

    def http(self):
        """(bytes, whether the sender shuts its side afterwards)"""
        if self.chance(0.5):
            path = self.random.choice(list(self.bodies))
            body = self.safe(path, self.changed(json.loads(json.dumps(self.bodies[path]))))
            if path == '/v1/layers' and isinstance(body, dict) and self.chance(0.7):
                body['layer'] = self.layer()
            data = json.dumps(body).encode()
            # What was damaged may say anything, and to a shell or a file that would be done.
            if self.chance(0.15) and path not in ('/v1/exec', '/v1/files'):
                data = self.damaged(data)
            method = 'POST' if self.chance(0.95) else self.random.choice(METHODS)
        else:
            path, data = self.random.choice(self.reads), None
            if self.chance(0.5):
                path += ('&' if '?' in path else '?') + self.random.choice(['names', 'n', 'timeout', 'select', 'for', 'types', 'after', 'level', 'users'])
                path += '=' + ''.join(f'%{byte:02x}' for byte in self.random.choice(TEXTS).encode())
            if self.chance(0.1):
                path = path.replace('1', self.random.choice(['0', '99999', '-1', '%31', '1' * 50]), 1)
            method = 'GET' if self.chance(0.9) else self.random.choice(METHODS)
        headers = [header for header in HEADERS if self.chance(0.08)]
        if data is not None and path == '/v1/files':
            headers.append(('Content-Type', 'application/json'))
        whole = request(method, path, data, headers)
        # Who leaves the connection open has its requests answered by other means.
        if self.chance(0.5):
            whole = whole.replace(b'Connection: close\r\n', b'', 1)
        if data is None and self.chance(0.2):
            whole *= self.random.choice([2, 3, 50])
        isolated = path not in ('/v1/exec', '/v1/files')
        if isolated and self.chance(0.25):
            whole = self.damaged(whole)
        elif self.chance(0.1):
            whole = whole[:self.random.randrange(len(whole))]
        return whole, True

    def way(self):
        """By which of its doors a request comes; most of them by that behind which most is to be found."""
        return self.random.choice(['unix'] * 4 + ['http'] * 2 + ['administrator'] * 3 + ['stranger'])

    def greeting(self):
        """What TLS begins with, damaged or followed by what makes no sense."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            context.wrap_bio(incoming, outgoing).do_handshake()
        except ssl.SSLWantReadError:
            pass
        hello = outgoing.read()
        noise = bytes(self.random.randrange(256) for _ in range(self.random.randrange(1, 200)))
        return self.random.choice([self.damaged(hello), hello + noise, hello[:self.random.randrange(len(hello))], noise, request('GET', '/v1/health')])

    def session(self, daemon, task, change, way):
        """Frames at the sockets of one command, then all closed in some way."""
        names = ['control', 'stdio']
        opened = [WebSocket(daemon, socket_path(task, name), way=way) for name in names]
        for _ in range(self.random.randrange(1, 12)):
            stream = self.random.choice(opened)
            if self.chance(0.4):
                text = json.dumps(self.changed({'command': self.random.choice(['end', 'signal', 'resize', 'x']),
                                                'signal': {'name': 'SIGUSR1'}, 'resize': {'width': 5, 'height': 7}}))
                stream.send(1, text.encode(), fin=self.chance(0.9))
            elif self.chance(0.2):
                stream.raw(bytes(self.random.randrange(256) for _ in range(self.random.randrange(1, 40))))
            else:
                stream.send(self.random.choice([0, 1, 2, 2, 2, 3, 8, 9, 10, 11]), bytes(self.random.randrange(200)), fin=self.chance(0.8),
                            masked=self.chance(0.9), reserved=self.random.choice([0] * 9 + [1, 4, 7]),
                            length=self.random.choice([None] * 9 + [0, 125, 65536, 2 ** 40, 2 ** 63]))
        for stream in opened:
            stream.close()
        return change
