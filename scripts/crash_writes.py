#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills a unit agent at every single write to the files of its model, and looks at what is left.

A charm keeps one count in five places. Whatever write the agent dies in, torn halfway every second time, the five must
agree and the file must be sound; and the next agent must go on to the end, where they agree again.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent

METADATA = "name: counter\npeers: {friends: {interface: counter-peers}}\n"
DISPATCH = """#!/bin/sh -e
# Each count is a new revision, of whose predecessor the charm is told: that must not count again.
[ "$JUJU_HOOK_NAME" != secret-remove ] || exit 0
n=$(( $(state-get n) + 1 ))
friends=$(relation-ids friends)
relation-set -r $friends n=$n
relation-set -r $friends --app n=$n
state-set n=$n
if [ $n = 1 ]; then secret-add --label n n-key=1 > /dev/null
else secret-set $(secret-ids) n-key=$n; fi
[ $n = 1 ] || close-port $((8000 + n - 1))
open-port $((8000 + n))
"""


def counts(agent):
    """The count as it stands in each of the five places, and whether the file is sound."""
    with tempfile.TemporaryDirectory() as copy:
        for name in ("model.sqlite", "model.sqlite-wal"):
            if (agent / name).exists():
                shutil.copy(agent / name, copy)
        database = sqlite3.connect(pathlib.Path(copy, "model.sqlite"))
        try:
            check = database.execute("PRAGMA integrity_check").fetchone()[0]
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'state'").fetchone():
                return check, set(), False
            found = set()
            for (value,) in database.execute("SELECT value FROM state WHERE key = 'n'"):
                found.add(int(value))
            bags = [json.loads(text) for (text,) in database.execute("SELECT content FROM databag")]
            found.update(int(bag["n"]) for bag in bags if "n" in bag)
            newest = "SELECT content FROM secret_revision ORDER BY revision DESC LIMIT 1"
            found.update(int(json.loads(text)["n-key"]) for (text,) in database.execute(newest))
            found.update(int(text.split("/")[0]) - 8000 for (text,) in database.execute("SELECT range FROM port"))
            places = (
                database.execute("SELECT count(*) FROM state WHERE key = 'n'").fetchone()[0]
                + sum("n" in bag for bag in bags)
                + database.execute("SELECT count(*) > 0 FROM secret_revision").fetchone()[0]
                + database.execute("SELECT count(*) FROM port").fetchone()[0]
            )
            if places not in (0, 5):
                return f"{check}, but the count stands in {places} places", found, False
            facts = dict(database.execute("SELECT key, value FROM fact"))
            return check, found, "started" in facts and "pending-hook" not in facts
        finally:
            database.close()


def serve(build, directory, preload=None, at=None):
    environment = {"PATH": "/usr/bin:/bin"}
    if preload:
        environment |= {"LD_PRELOAD": str(preload), "CRASH_COUNT": str(directory / "count")}
        if at:
            environment["CRASH_AT"] = str(at)
    log = open(directory / "log", "ab")
    command = [build / "run-charm", "serve", directory / "charm", "--state", directory / "s"]
    return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def settle(agent, process):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if (agent / "model.sqlite").exists() and counts(agent)[2]:
            return True
        time.sleep(0.05)
    return False


def deploy(parent):
    directory = pathlib.Path(tempfile.mkdtemp(dir=parent, prefix="u"))
    (directory / "charm").mkdir()
    (directory / "charm/metadata.yaml").write_text(METADATA)
    (directory / "charm/dispatch").write_text(DISPATCH)
    (directory / "charm/dispatch").chmod(0o755)
    return directory, directory / "s/agent"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / ".build/debug")
    parser.add_argument("--every", type=int, default=1, help="try one write of so many")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="crash-") as parent:
        shim = pathlib.Path(parent, "crash_at_write.so")
        source = ROOT / "Tests/CrashAtWrite/crash_at_write.c"
        compiler = shutil.which("clang") or shutil.which("cc") or "gcc"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"], check=True)
        directory, agent = deploy(parent)
        process = serve(options.build, directory, shim)
        if not settle(agent, process):
            sys.exit(f"the unit does not settle:\n{(directory / 'log').read_text()}")
        # Before it ends: the writes of a clean end are not reached by an agent nobody asks to end.
        (total,) = struct.unpack("i", (directory / "count").read_bytes())
        process.send_signal(signal.SIGTERM)
        process.wait()
        points = range(1, total + 1, options.every)
        for at in points:
            directory, agent = deploy(parent)
            died = serve(options.build, directory, shim, at).wait(timeout=300)
            assert died == -signal.SIGKILL, f"write {at}: the agent ended with {died}"
            check, found, _ = counts(agent)
            assert check == "ok" and len(found) <= 1, f"write {at}: {check}, counts {found}"
            process = serve(options.build, directory)
            assert settle(agent, process), f"write {at}: the next agent does not settle"
            process.send_signal(signal.SIGTERM)
            process.wait()
            check, found, _ = counts(agent)
            assert check == "ok" and len(found) == 1, f"write {at}, gone on: {check}, counts {found}"
            shutil.rmtree(directory)
        print(f"crash points: {len(points)} of {total} writes, syncs and cuts of the model's files, half of the writes torn")


if __name__ == "__main__":
    main()
