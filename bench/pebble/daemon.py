# SPDX-License-Identifier: Apache-2.0
"""A daemon under measurement, and what the kernel says of it."""
import json
import os
import signal
import subprocess
import tempfile
import time

from client import Connection


def services(count, command="sleep 1000000", startup="enabled"):
    """A layer of services; JSON is YAML."""
    entry = {"override": "replace", "startup": startup, "command": command}
    return {"services": {f"svc{number:02d}": dict(entry) for number in range(count)}}


class Daemon:
    """Runs in a directory of its own, and is ended with it."""

    def __init__(self, binary, layer=None, arguments=()):
        self.binary, self.layer, self.arguments = binary, layer, arguments

    def __enter__(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="bench-pebble-")
        self.directory = self.scratch.name
        self.path = f"{self.directory}/.pebble.socket"
        os.mkdir(f"{self.directory}/layers")
        if self.layer:
            with open(f"{self.directory}/layers/001-bench.yaml", "w") as file:
                json.dump(self.layer, file)
        with open(f"{self.directory}/log", "wb") as log:
            self.start = time.monotonic()
            self.process = subprocess.Popen(
                [self.binary, "run", *self.arguments],
                env=dict(os.environ, PEBBLE=self.directory), stdout=subprocess.DEVNULL, stderr=log,
            )
        self.pid = self.process.pid
        self.clock = (~self.pid << 3) | 2
        while True:
            try:
                self.connection = Connection(self.path)
                self.connection.get("/v1/system-info")
                break
            except (FileNotFoundError, ConnectionError):
                if self.process.poll() is not None or time.monotonic() > self.start + 30:
                    with open(f"{self.directory}/log") as log:
                        raise SystemExit(f"bench: {self.binary} does not start: {log.read()}") from None
                time.sleep(0.0002)
        self.ready_seconds = time.monotonic() - self.start
        return self

    def __exit__(self, *_):
        self.stop()
        self.scratch.cleanup()

    def stop(self):
        """Ends it; returns how long that took."""
        start = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        return time.monotonic() - start

    def processor_seconds(self):
        """Of the process alone, all its threads, to the nanosecond."""
        return time.clock_gettime(self.clock)

    def memory(self):
        """Megabytes: resident, of which nobody shares, and the most there ever was; and the number of threads."""
        found = {}
        for name in ("status", "smaps_rollup"):
            with open(f"/proc/{self.pid}/{name}") as file:
                for line in file:
                    key, _, value = line.partition(":")
                    if value.strip().split(" ")[0].isdigit():
                        found[key] = int(value.split()[0])
        megabytes = {key: found[key] / 1024 for key in ("VmRSS", "VmHWM", "Private_Dirty")}
        return megabytes["VmRSS"], megabytes["Private_Dirty"], megabytes["VmHWM"], found["Threads"]

    def written_megabytes(self):
        """What it had written to the disk."""
        with open(f"/proc/{self.pid}/io") as file:
            fields = dict(line.split(": ") for line in file)
        return int(fields["write_bytes"]) / 1e6

    def wait_for_services(self, wanted, count=None, target="/v1/services", pause=0.0005, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            found = [service["current"] for service in self.connection.get(target)["result"]]
            if found and (count is None or len(found) == count) and all(wanted(state) for state in found):
                return
            if time.monotonic() > deadline:
                raise SystemExit(f"bench: services of {self.binary} stay {set(found)}")
            time.sleep(pause)

    def wait_for_changes(self):
        while self.connection.get("/v1/changes")["result"]:
            time.sleep(0.002)
