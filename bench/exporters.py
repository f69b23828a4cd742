#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the exporters: what a processor second of theirs is worth, and their memory.

    bench/exporters.py                                 ours, from .build/release
    bench/exporters.py --statsd-peer PATH              another statsd exporter with the same flags beside it
    bench/exporters.py --celery-peer "PROGRAM ARGS"    another celery exporter with the same options beside it

Memory is what is resident: at rest before the load, right after it, and at rest again some seconds later.
Rates are per second of processor time of the exporter (user and system), so a busy machine does not change them much.
Packets the kernel dropped are not counted: what counts is what the exporter says it has received.
"""
import argparse
import base64
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TICKS = os.sysconf("SC_CLK_TCK")
REST_SECONDS = 12
# Debian's redis-tools has the server under another name: it goes by the name it is called by.
REDIS = shutil.which("redis-server") or shutil.which("redis-check-rdb")


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_megabytes(pid):
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return float("nan")


def at_rest(pid):
    """What is resident when nothing has been done for longer than exporters take to tidy up."""
    time.sleep(REST_SECONDS)
    return resident_megabytes(pid)


def scrape(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
        return page.read().decode()


def total(page, name):
    """The sum of a counter's series, under its name with or without labels."""
    values = [line.rsplit(" ", 1)[1] for line in page.splitlines() if line.split("{")[0].split(" ")[0] == name]
    return sum(float(value) for value in values)


class Running:
    """A program that is ended when its block is left."""

    def __init__(self, command, **options):
        self.command, self.options = command, options

    def __enter__(self):
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.options
        )
        return self.process

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def wait_for(question, what, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if question():
                return
        except OSError:
            pass
        time.sleep(0.05)
    sys.exit(f"bench: {what} did not come in {seconds} s")


# What an application sends: counters, gauges and timers with a few hundred names between them, some with tags.
LOADS = {
    "uwsgi totals": [
        f"uwsgi.worker.{worker}.{name}:{value}|c".encode()
        for value in range(1, 40)
        for worker in range(1, 9)
        for name in ("requests", "total_tx", "running_time", "respawns")
    ],
    "plain mix": [
        line.encode()
        for n in range(300)
        for line in (f"app.page{n}.hits:1|c", f"app.page{n}.open:{n}|g", f"app.page{n % 20}.time:{n}|ms")
    ],
    "tagged": [f"hits:1|c|#page:p{n},status:{200 + n % 5},host:web{n % 3}".encode() for n in range(300)],
}


def bench_statsd(name, program, packets):
    for load, lines in LOADS.items():
        web, udp = free_port(), free_port(socket.SOCK_DGRAM)
        command = [
            program, f"--statsd.listen-udp=127.0.0.1:{udp}", "--statsd.listen-tcp=",
            f"--web.listen-address=127.0.0.1:{web}",
        ]
        if load == "uwsgi totals" and name == "ours":
            command.append(f"--statsd.mapping-config={ROOT}/charm/statsd-mapping.yaml")
        with Running(command) as process:
            wait_for(lambda: scrape(web), f"{name} on port {web}")
            before_load = at_rest(process.pid)
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sender.connect(("127.0.0.1", udp))
            before = processor_seconds(process.pid)
            for number in range(packets):
                sender.send(lines[number % len(lines)])
                # The kernel's buffer holds a few hundred packets; more at once would only be dropped.
                if number % 100 == 99:
                    time.sleep(0.002)
            time.sleep(0.3)
            spent = processor_seconds(process.pid) - before
            received = total(scrape(web), "statsd_exporter_udp_packets_total")
            after_load = resident_megabytes(process.pid)
            rate = received / max(spent, 1 / TICKS)
            yield name, load, received, rate, before_load, after_load, at_rest(process.pid)


def command_words(*words):
    encoded = [word if isinstance(word, bytes) else word.encode() for word in words]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)


def event_message(events):
    envelope = {
        "body": base64.b64encode(json.dumps(events).encode()).decode(), "content-encoding": "utf-8",
        "content-type": "application/json", "headers": {"hostname": "celery@bench"},
        "properties": {
            "delivery_mode": 1, "delivery_info": {"exchange": "celeryev", "routing_key": "task.multi"}, "priority": 0,
            "body_encoding": "base64", "delivery_tag": "00000000-0000-0000-0000-000000000000",
        },
    }
    return json.dumps(envelope).encode()


def task_events(number):
    common = {"hostname": "celery@bench", "uuid": f"{number:032x}", "pid": 1, "clock": number, "utcoffset": 0}
    stamp = time.time()
    return [
        dict(common, type="task-received", name=f"task{number % 20}", args="()", kwargs="{}", timestamp=stamp),
        dict(common, type="task-started", timestamp=stamp),
        dict(common, type="task-succeeded", result="None", runtime=0.02, timestamp=stamp),
    ]


def bench_celery(name, program, tasks):
    with tempfile.TemporaryDirectory() as scratch:
        broker, web = free_port(), free_port()
        redis = ["redis-server", "--port", str(broker), "--bind", "127.0.0.1", "--save", "", "--dir", scratch]
        with Running(redis, executable=REDIS):
            wait_for(lambda: socket.create_connection(("127.0.0.1", broker)).close() is None, "Redis")
            command = shlex.split(program) + [
                f"--broker-url=redis://127.0.0.1:{broker}/0", "--host=127.0.0.1", f"--port={web}", "--retry-interval=1",
            ]
            with Running(command) as process:
                wait_for(lambda: scrape(web), f"{name} on port {web}", 60)
                publisher = socket.create_connection(("127.0.0.1", broker))
                replies = publisher.makefile("rb")

                def publish(events):
                    publisher.sendall(command_words("PUBLISH", "/0.celeryev/task.multi", event_message(events)))
                    return int(replies.readline()[1:])

                wait_for(lambda: publish([]) > 0, f"{name} at the broker", 60)
                before_load = at_rest(process.pid)
                before = processor_seconds(process.pid)
                for number in range(tasks):
                    publish(task_events(number))
                done = lambda: total(scrape(web), "celery_task_succeeded_total") >= tasks
                wait_for(done, f"{name}'s last event", 120)
                spent = processor_seconds(process.pid) - before
                after_load = resident_megabytes(process.pid)
                rate = tasks * 3 / max(spent, 1 / TICKS)
                yield name, "3 events a message", tasks * 3, rate, before_load, after_load, at_rest(process.pid)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--build", default=f"{ROOT}/.build/release", help="where our programs are")
    options.add_argument("--statsd-peer", help="the path of another statsd exporter")
    options.add_argument("--celery-peer", help="the command of another celery exporter")
    options.add_argument("--packets", type=int, default=200_000)
    options.add_argument("--tasks", type=int, default=10_000)
    given = options.parse_args()
    runs = [bench_statsd("ours", f"{given.build}/statsd-exporter", given.packets)]
    if given.statsd_peer:
        runs.append(bench_statsd("peer", given.statsd_peer, given.packets))
    if REDIS:
        runs.append(bench_celery("ours", f"{given.build}/celery-exporter", given.tasks))
        if given.celery_peer:
            runs.append(bench_celery("peer", given.celery_peer, given.tasks))
    else:
        print("bench: no redis-server here, the celery exporter is left out", file=sys.stderr)
    print("| exporter | load | received | per processor second | MB at rest | MB right after | MB at rest again |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for run in runs:
        for name, load, received, rate, *memory in run:
            cells = [name, load, f"{received:,.0f}", f"{rate:,.0f}", *(f"{megabytes:.1f}" for megabytes in memory)]
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
