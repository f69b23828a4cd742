# SPDX-License-Identifier: Apache-2.0
"""What is measured: each function takes a binary and yields pairs of a row's name and its figure."""
import multiprocessing
import os
import re
import signal
import socket
import statistics
import threading
import time

from client import Connection, execute, request
from daemon import Daemon, services

active = lambda state: state == "active"


def empty(binary, given):
    """Without services: the start, and the memory once it has come to rest."""
    starts = []
    for _ in range(7):
        with Daemon(binary) as daemon:
            starts.append(daemon.ready_seconds)
    yield "start to ready, empty: ms", statistics.median(starts) * 1e3
    with Daemon(binary) as daemon:
        time.sleep(2)
        resident, private, _, threads = daemon.memory()
        yield "memory, empty: resident MB", resident
        yield "memory, empty: private MB", private
        yield "threads, empty", threads
        before = daemon.processor_seconds()
        time.sleep(5)
        yield "idle 5 s: processor ms", (daemon.processor_seconds() - before) * 1e3


def _client(path, seconds, pace, barrier, results):
    """Asks for so many seconds, again as soon as it is answered, or as often as each `pace` seconds."""
    connection = Connection(path)
    wanted = request("GET", "/v1/services")
    connection.exchange(wanted)
    barrier.wait()
    latencies, clock = [], time.perf_counter
    now = clock()
    end = now + seconds
    while now < end:
        if connection.exchange(wanted)[0] != 200:
            raise SystemExit("bench: GET /v1/services is not answered with 200")
        after = clock()
        latencies.append(after - now)
        now = after
        if pace:
            time.sleep(max(0, pace - latencies[-1]))
            now = clock()
    results.put(latencies)


def ten(binary, given):
    """Ten services, and the requests of clients that look at them."""
    with Daemon(binary, services(10)) as daemon:
        daemon.wait_for_services(active, 10)
        daemon.wait_for_changes()
        time.sleep(2)
        resident, private, _, _ = daemon.memory()
        yield "memory, 10 services: resident MB", resident
        yield "memory, 10 services: private MB", private
        # Without a pace whoever answers more has more to do at once: the last is how long a client waits at the same rate.
        for count, pace in ((1, 0), (8, 0), (8, 0.004)):
            barrier, results = multiprocessing.Barrier(count + 1), multiprocessing.Queue()
            options = {"target": _client, "args": (daemon.path, given.seconds, pace, barrier, results), "daemon": True}
            clients = [multiprocessing.Process(**options) for _ in range(count)]
            for client in clients:
                client.start()
            barrier.wait()
            before = daemon.processor_seconds()
            latencies = sorted(latency for _ in clients for latency in results.get())
            spent = daemon.processor_seconds() - before
            for client in clients:
                client.join()
            name = f"GET services, {count} connection{'s'[: count - 1]}{', paced' if pace else ''}"
            yield f"{name}: requests/s", len(latencies) / given.seconds
            yield f"{name}: mean us", statistics.mean(latencies) * 1e6
            yield f"{name}: p50 us", latencies[len(latencies) // 2] * 1e6
            yield f"{name}: p99 us", latencies[len(latencies) * 99 // 100] * 1e6
            yield f"{name}: processor us each", spent / len(latencies) * 1e6
        time.sleep(2)
        yield "memory, after these requests: resident MB", daemon.memory()[0]
        yield "SIGTERM to exit, 10 services: ms", daemon.stop() * 1e3


def fifty(binary, given):
    """Fifty services that start with the daemon."""
    with Daemon(binary, services(50)) as daemon:
        daemon.wait_for_services(active, 50)
        yield "50 services: start to all active, ms", (time.monotonic() - daemon.start) * 1e3
        daemon.wait_for_changes()
        yield "50 services: start to autostart done, ms", (time.monotonic() - daemon.start) * 1e3
        yield "50 services: processor ms", daemon.processor_seconds() * 1e3
        time.sleep(2)
        resident, private, peak, _ = daemon.memory()
        yield "memory, 50 services: resident MB", resident
        yield "memory, 50 services: private MB", private
        yield "memory, 50 services: peak MB", peak


def exec_(binary, given):
    """Commands for clients, while the history of them grows."""
    with Daemon(binary) as daemon:
        latencies, spent = [], []
        for _ in range(600):
            before, start = daemon.processor_seconds(), time.perf_counter()
            execute(daemon.connection, daemon.path, ["true"])
            latencies.append(time.perf_counter() - start)
            spent.append(daemon.processor_seconds() - before)
        for name, part in (("history of 10-110", slice(10, 110)), ("history of 500-600", slice(500, 600))):
            times = sorted(latencies[part])
            yield f"exec true, {name}: p50 ms", times[50] * 1e3
            yield f"exec true, {name}: p99 ms", times[98] * 1e3
            yield f"exec true, {name}: processor ms each", statistics.mean(spent[part]) * 1e3
        yield "memory, after 600 exec: resident MB", daemon.memory()[0]
        before, start = daemon.processor_seconds(), time.perf_counter()
        count = execute(daemon.connection, daemon.path, ["head", "-c", "200000000", "/dev/zero"])
        if count != 200_000_000:
            raise SystemExit(f"bench: {count} bytes of output came from {binary}")
        yield "exec output, 200 MB: MB/s", 200 / (time.perf_counter() - start)
        yield "exec output: processor s per GB", (daemon.processor_seconds() - before) * 5


def logs(binary, given):
    """What a service can write; its processor time is not counted."""
    for size in (100, 1000):
        with Daemon(binary, services(1, command="true", startup="disabled")) as daemon:
            lines = f"{daemon.directory}/lines"
            with open(lines, "wb") as file:
                for _ in range(200):
                    file.write((b"x" * (size - 1) + b"\n") * (1_000_000 // size))
            entry = {"override": "replace", "command": f"cat {lines}", "on-success": "ignore"}
            layer = f'{{"services": {{"svc00": {str(entry)}}}}}'.replace("'", '"')
            body = {"action": "add", "combine": True, "label": "bench", "format": "yaml", "layer": layer}
            daemon.connection.post("/v1/layers", body)
            before, start = daemon.processor_seconds(), time.monotonic()
            daemon.connection.post("/v1/services", {"action": "start", "services": ["svc00"]})
            time.sleep(0.02)
            daemon.wait_for_services(lambda state: state == "inactive", pause=0.002)
            yield f"logs, lines of {size} bytes: MB/s", 200 / (time.monotonic() - start)
            yield f"logs, lines of {size} bytes: processor s per GB", (daemon.processor_seconds() - before) * 5
            if size == 100:
                _, private, peak, _ = daemon.memory()
                yield "memory, peak while logging: MB", peak
                # Without the pages of the program, which the kernel has once for all daemons and can drop.
                yield "memory, after logging: private MB", private


def death(binary, given):
    """How soon a dead service is noticed, and back; the plan says 500 ms and up to a tenth more."""
    noticed, back = [], []
    with Daemon(binary) as daemon:
        note = f"{daemon.directory}/pid"
        command = f"sh -c 'echo $$ >{note}.new; mv {note}.new {note}; exec sleep 1000000'"
        layer = f"services: {{svc: {{override: replace, command: \"{command}\", backoff-factor: 1.0}}}}"
        body = {"action": "add", "combine": True, "label": "bench", "format": "yaml", "layer": layer}
        daemon.connection.post("/v1/layers", body)
        daemon.connection.post("/v1/services", {"action": "start", "services": ["svc"]})
        daemon.wait_for_services(active)
        daemon.wait_for_changes()

        def pid():
            with open(note) as file:
                return int(file.read())

        for _ in range(5):
            victim, start = pid(), time.monotonic()
            os.kill(victim, signal.SIGKILL)
            daemon.wait_for_services(lambda state: not active(state), pause=0)
            noticed.append(time.monotonic() - start)
            while pid() == victim:
                time.sleep(0.0005)
            back.append(time.monotonic() - start)
            daemon.wait_for_services(active)
    yield "SIGKILL of a service to its status: ms", statistics.median(noticed) * 1e3
    yield "SIGKILL of a service to its successor: ms", statistics.median(back) * 1e3


class Target(threading.Thread):
    """What the checks look at: answers every request with 200."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client, _ = self.socket.accept()
            threading.Thread(target=self.answer, args=(client,), daemon=True).start()

    @staticmethod
    def answer(client):
        with client:
            if client.recv(4096):
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def checks(binary, given):
    """Twenty checks, each every second; the figures are for a minute."""
    port = Target().port
    kinds = [{"http": {"url": f"http://127.0.0.1:{port}/"}}] * 7
    kinds += [{"tcp": {"port": port}}] * 7 + [{"exec": {"command": "true"}}] * 6
    common = {"override": "replace", "period": "1s"}
    plan = {"checks": {f"check{number:02d}": dict(common, **kind) for number, kind in enumerate(kinds)}}
    with Daemon(binary, plan) as daemon:
        time.sleep(2.5)
        spent, written = daemon.processor_seconds(), daemon.written_megabytes()
        time.sleep(given.check_seconds)
        minute = 60 / given.check_seconds
        yield "20 checks: processor s a minute", (daemon.processor_seconds() - spent) * minute
        yield "20 checks: MB written a minute", (daemon.written_megabytes() - written) * minute
        yield "memory, 20 checks: resident MB", daemon.memory()[0]
        states = {check["status"] for check in daemon.connection.get("/v1/checks")["result"]}
        failures = sum(check.get("failures", 0) for check in daemon.connection.get("/v1/checks")["result"])
        if states != {"up"} or failures:
            raise SystemExit(f"bench: checks of {binary} are {states}, {failures} failures")


def size(binary, given):
    """The binary, which is reported and not raced."""
    yield "binary: MB", os.path.getsize(os.path.realpath(binary)) / 1e6


ALL = {re.sub("_$", "", each.__name__): each for each in (empty, ten, fifty, exec_, logs, death, checks, size)}
