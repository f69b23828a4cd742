# SPDX-License-Identifier: Apache-2.0
"""The daemon under attack: started, talked to byte by byte, and looked at for what it must not do."""
import json
import os
import re
import signal
import socket
import ssl
import struct
import subprocess
import time

LAYER = """
services:
  web:
    override: replace
    command: sh -c 'while :; do echo line; sleep 1; done'
    startup: enabled
  worker:
    override: replace
    command: sleep 1000
    requires: [web]
checks:
  alive:
    override: replace
    level: alive
    period: 500ms
    exec:
      command: 'true'
"""

# Refusals that the original answers with a 5xx too; the recorded contract has them.
SERVER_ERRORS = [
    (502, rb'"healthy":false'),
    (504, rb"timed out waiting for change"),
    (500, rb"cannot insert sub-directory layer without 'inner' attribute set"),
    (500, rb"cannot call exec: "),
    (500, rb"cannot send signal to "),
    (500, rb"websocket already connected"),
    (500, rb"the client is not using the websocket protocol"),
    (500, rb"cannot perform the following tasks"),
]


class Broken(Exception):
    """What the daemon did is what it must never do."""


class Daemon:
    def __init__(self, binary, directory, log, http=None, environment=None, https=None):
        self.directory = directory
        self.socket = os.path.join(directory, '.pebble.socket')
        os.makedirs(os.path.join(directory, 'layers'), exist_ok=True)
        with open(os.path.join(directory, 'layers/001-base.yaml'), 'w') as layer:
            layer.write(LAYER)
        self.log = log
        self.process = subprocess.Popen(
            [binary, 'run'] + (['--http', http] if http else []) + (['--https', https] if https else []),
            env={'PEBBLE': directory, 'PATH': '/usr/bin:/bin', 'HOME': '/', 'LANG': 'C.UTF-8', **(environment or {})},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(log, 'wb'), start_new_session=True)
        self.await_answer()

    def await_answer(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Broken(f'the daemon ended with {self.process.returncode}: {self.tail()}')
            try:
                if self.get('/v1/system-info')[0] == 200:
                    return
            except (OSError, Broken):
                time.sleep(0.02)
        raise Broken('the daemon does not answer')

    def listen_to_clients(self):
        """Makes what it takes to come over TLS: two keys, one of an administrator and one that nobody knows."""
        self.tls = {}
        for name in ('administrator', 'stranger'):
            certificate, key = os.path.join(self.directory, f'{name}.pem'), os.path.join(self.directory, f'{name}.key')
            subprocess.run(
                ['openssl', 'req', '-x509', '-newkey', 'ed25519', '-nodes', '-subj', f'/CN={name}', '-days', '3', '-keyout', key,
                 '-out', certificate, '-addext', 'extendedKeyUsage=clientAuth'], check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.load_cert_chain(certificate, key)
            self.tls[name] = context
        with open(os.path.join(self.directory, 'administrator.pem')) as file:
            body = {'action': 'add', 'identities': {'administrator': {'access': 'admin', 'cert': {'pem': file.read()}}}}
        status, data = self.post('/v1/identities', json.dumps(body).encode())
        if status != 200:
            raise Broken(f'no identity for who comes over TLS: {data!r}')
        self.addresses = json.loads(self.get('/v1/system-info')[1].split(b'\r\n\r\n', 1)[1])['result']

    def connect_by(self, way, timeout=10):
        """A connection by `unix`, `http`, `administrator` or `stranger` (over TLS), or `https` (TLS's port, without TLS)."""
        if way == 'unix':
            return self.connect(timeout)
        host, port = self.addresses['http-address' if way == 'http' else 'https-address'].rsplit(':', 1)
        stream = socket.create_connection((host.strip('[]'), int(port)), timeout)
        if way in ('http', 'https'):
            return stream
        try:
            return self.tls[way].wrap_socket(stream)
        except OSError:
            stream.close()
            raise

    def connect(self, timeout=10):
        stream = socket.socket(socket.AF_UNIX)
        try:
            # Before there is a timeout: with one, a backlog that is full for a moment is an error.
            stream.connect(self.socket)
            stream.settimeout(timeout)
        except OSError:
            stream.close()
            raise
        return stream

    def ask(self, data, timeout=10, shut=False, way='unix'):
        """Sends bytes as they are; returns the replies that came before the daemon closed or all was answered."""
        with self.connect_by(way, timeout) as stream:
            try:
                stream.sendall(data)
                if shut:
                    # Not the method of a TLS socket, which would forget that it is one.
                    socket.socket.shutdown(stream, socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                pass  # it closed early, which is an answer
            return read_reply(stream)

    def get(self, path, timeout=10):
        return self.ask(request('GET', path), timeout)

    def post(self, path, body, timeout=30, headers=()):
        return self.ask(request('POST', path, body, headers), timeout)

    def descriptors(self):
        return len(os.listdir(f'/proc/{self.process.pid}/fd'))

    def memory(self):
        with open(f'/proc/{self.process.pid}/status') as status:
            return int(re.search(r'VmRSS:\s+(\d+)', status.read()).group(1)) // 1024

    def check_alive(self, after=''):
        if self.process.poll() is not None:
            raise Broken(f'the daemon ended with {self.process.returncode} after {after}: {self.tail()}')

    def await_descriptors(self, most, seconds=20):
        """What was opened is closed again, at the latest when timers of seconds have run."""
        deadline = time.monotonic() + seconds
        while self.descriptors() > most:
            if time.monotonic() > deadline:
                names = []
                for number in os.listdir(f'/proc/{self.process.pid}/fd'):
                    try:
                        names.append(os.readlink(f'/proc/{self.process.pid}/fd/{number}'))
                    except OSError:
                        pass
                raise Broken(f'{self.descriptors()} descriptors are open, {most} were: {sorted(names)}')
            time.sleep(0.05)

    def tail(self):
        with open(self.log, 'rb') as log:
            return log.read()[-3000:].decode('utf-8', 'replace')

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                code = self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise Broken('the daemon does not end on SIGTERM')
            if code != 0:
                raise Broken(f'the daemon ended with {code}: {self.tail()}')


def request(method, path, body=None, headers=(), version='HTTP/1.1'):
    lines = [f'{method} {path} {version}'.encode('utf-8', 'surrogateescape'), b'Host: localhost', b'Connection: close']
    lines += [f'{name}: {value}'.encode('utf-8', 'surrogateescape') for name, value in headers]
    if body is not None:
        lines.append(b'Content-Length: %d' % len(body))
    return b'\r\n'.join(lines) + b'\r\n\r\n' + (body or b'')


def read_reply(stream):
    """(status, whole reply); status 0 is a closed connection, -1 one that stays silent."""
    data = b''
    try:
        while piece := stream.recv(65536):
            data += piece
    except (TimeoutError, socket.timeout):
        return (status_of(data) if data else -1, data)
    except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
        pass
    return (status_of(data), data)


def status_of(data):
    found = re.match(rb'HTTP/1\.[01] (\d{3}) ', data)
    if data and not found:
        raise Broken(f'no HTTP in reply: {data[:200]!r}')
    return int(found.group(1)) if found else 0


def judge(name, sent, reply, may_be_silent=False):
    """A reply that is none of the client's business to get, as an exception."""
    status, data = reply
    if status == -1 and not may_be_silent:
        raise Broken(f'{name}: no answer and no close to {sent[:300]!r}')
    for head in re.finditer(rb'HTTP/1\.[01] (5\d\d) ', data):
        code = int(head.group(1))
        if not any(code == known and re.search(text, data) for known, text in SERVER_ERRORS):
            raise Broken(f'{name}: {code} for {sent[:600]!r}: {data[head.start():head.start() + 600]!r}')
    return status


class WebSocket:
    """One socket of a command; sends whatever frame it is told to, right or wrong."""

    def __init__(self, daemon, path, timeout=10, way='unix'):
        self.stream = daemon.connect_by(way, timeout)
        head = request('GET', path, None, [
            ('Upgrade', 'websocket'), ('Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='),
            ('Sec-WebSocket-Version', '13')]).replace(b'Connection: close', b'Connection: Upgrade')
        self.stream.sendall(head)
        reply = b''
        while b'\r\n\r\n' not in reply:
            piece = self.stream.recv(4096)
            if not piece:
                break
            reply += piece
        self.status = status_of(reply)
        self.rest = reply.split(b'\r\n\r\n', 1)[1] if b'\r\n\r\n' in reply else b''

    def send(self, opcode, data=b'', fin=True, masked=True, reserved=0, length=None):
        first = (0x80 if fin else 0) | (reserved << 4) | opcode
        size = len(data) if length is None else length
        bit = 0x80 if masked else 0
        if size < 126:
            head = struct.pack('>BB', first, bit | size)
        elif size < 65536:
            head = struct.pack('>BBH', first, bit | 126, size)
        else:
            head = struct.pack('>BBQ', first, bit | 127, size)
        mask = b'\x01\x02\x03\x04'
        if masked:
            data = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
            head += mask
        self.raw(head + data)

    def raw(self, data):
        try:
            self.stream.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass

    def text(self, data):
        self.send(1, data if isinstance(data, bytes) else data.encode())

    def frames(self):
        """Reads until the daemon closes: [(opcode, data)]."""
        data = self.rest
        try:
            while piece := self.stream.recv(65536):
                data += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
        found = []
        while len(data) >= 2:
            opcode, size, at = data[0] & 15, data[1] & 127, 2
            if size == 126:
                size, at = struct.unpack('>H', data[2:4])[0], 4
            elif size == 127:
                size, at = struct.unpack('>Q', data[2:10])[0], 10
            found.append((opcode, data[at:at + size]))
            data = data[at + size:]
        return found

    def close(self):
        self.stream.close()


def begin_exec(daemon, command, **options):
    """Asks for a command; returns (task, change)."""
    status, data = daemon.post('/v1/exec', json.dumps({'command': command, **options}).encode())
    if status != 202:
        raise Broken(f'exec: {data!r}')
    reply = json.loads(data.split(b'\r\n\r\n', 1)[1])
    return reply['result']['task-id'], reply['change']
