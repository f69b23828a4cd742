# SPDX-License-Identifier: Apache-2.0
"""A client of Pebble's API with next to no cost of its own, so that what is measured is the daemon."""
import json
import os
import socket
import struct


class Connection:
    """One kept-alive connection; a request is one write, an answer usually one read."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)

    def close(self):
        self.socket.close()

    def exchange(self, request):
        """Sends bytes, returns status and body; the body must have a length."""
        self.socket.sendall(request)
        data = self.socket.recv(65536)
        while (end := data.find(b"\r\n\r\n")) < 0:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("closed in the middle of an answer")
            data += more
        head = data[:end].lower()
        status, body = int(head[9:12]), data[end + 4 :]
        at = head.find(b"content-length:")
        if at < 0:
            return status, self._chunks(body)
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        while len(body) < length:
            body += self.socket.recv(65536)
        return status, body

    def _chunks(self, data):
        whole = b""
        while True:
            while b"\r\n" not in data:
                data += self.socket.recv(65536)
            size, data = data.split(b"\r\n", 1)
            size = int(size, 16)
            while len(data) < size + 2:
                data += self.socket.recv(65536)
            whole, data = whole + data[:size], data[size + 2 :]
            if size == 0:
                return whole

    def get(self, target):
        return self._result(self.exchange(request("GET", target)))

    def post(self, target, body):
        return self._result(self.exchange(request("POST", target, body)))

    @staticmethod
    def _result(answer):
        status, body = answer
        envelope = json.loads(body)
        if status >= 400:
            raise RuntimeError(envelope["result"]["message"])
        return envelope


def request(method, target, body=None):
    head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n"
    if body is None:
        return f"{head}\r\n".encode()
    data = json.dumps(body).encode()
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data


class Stream:
    """One of a command's WebSockets."""

    def __init__(self, path, task, name):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.socket.sendall(
            f"GET /v1/tasks/{task}/websocket/{name} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self.data += self.socket.recv(4096)
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        if b" 101 " not in head[:16]:
            raise RuntimeError(f"no websocket {name}: {head.decode(errors='replace')}")

    def send_text(self, text):
        data = text.encode()
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
        self.socket.sendall(struct.pack("!BB", 0x81, 0x80 | len(data)) + mask + masked)

    def count_until_end(self):
        """Reads to the text message that ends the stream; returns how many bytes of data came."""
        total, skip = 0, 0
        while True:
            if skip:
                taken = min(skip, len(self.data))
                total, skip, self.data = total + taken, skip - taken, self.data[taken:]
            if not skip and len(self.data) >= 2:
                size, at = self.data[1] & 127, 2
                if size == 126 and len(self.data) >= 4:
                    size, at = struct.unpack("!H", self.data[2:4])[0], 4
                elif size == 127 and len(self.data) >= 10:
                    size, at = struct.unpack("!Q", self.data[2:10])[0], 10
                elif size >= 126:
                    at = 0
                if at and self.data[0] & 15 in (1, 8):
                    return total
                if at:
                    skip, self.data = size, self.data[at:]
                    continue
            more = self.socket.recv(1 << 18)
            if not more:
                return total
            self.data += more

    def close(self):
        self.socket.close()


def execute(connection, path, command):
    """Runs a command to its end, as Canonical's client does; returns how many bytes it wrote."""
    reply = connection.post("/v1/exec", {"command": command, "split-stderr": True})
    streams = [Stream(path, reply["result"]["task-id"], name) for name in ("control", "stdio", "stderr")]
    streams[1].send_text('{"command":"end"}')
    count = streams[1].count_until_end()
    streams[2].count_until_end()
    change = connection.get(f"/v1/changes/{reply['change']}/wait?timeout=60s")["result"]
    for stream in streams:
        stream.close()
    if change.get("err") or change["tasks"][0]["data"]["exit-code"] != 0:
        raise RuntimeError(f"{command}: {change}")
    return count
