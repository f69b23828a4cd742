#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes down which functions the daemon runs, for the linker to put them side by side; see bench/hot_programs.py.

    bench/pebble/hot_daemon.py [--check]     what `make hot-functions` runs; needs valgrind and the built program

`--check` says how much of `packaging/hot-functions-pebble.txt` is still in the program.
"""
import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import hot_programs  # noqa: E402
from daemon import Daemon, services  # noqa: E402

PROGRAM = ROOT / ".build/release/pebble"
LIST = ROOT / "packaging/hot-functions-pebble.txt"
LOOKS = ("/v1/services", "/v1/system-info", "/v1/changes", "/v1/health", "/v1/plan?format=yaml")


def exercise(program):
    """The start, which takes the most memory, and clients that look.

    Valgrind cannot watch a process by its descriptor: services are begun and given up.
    """
    with Daemon(program, services(5)) as daemon:
        time.sleep(10)
        for path in LOOKS * 4:
            daemon.connection.get(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say how much of the list is in the program")
    options = parser.parse_args()
    known = hot_programs.functions_of(PROGRAM)
    if options.check:
        listed = hot_programs.listed(LIST)
        print(f"{PROGRAM.name}: {len(listed & known)} of {len(listed)} listed functions")
        return
    with tempfile.TemporaryDirectory(prefix="hot-functions-") as base:
        exercise(hot_programs.watched_by_name(PROGRAM, base))
        hot = hot_programs.names_run(base) & known
    head = "Functions the daemon runs, by their names for the linker. Written by bench/pebble/hot_daemon.py."
    print(f"{hot_programs.write(LIST, head, hot)} functions in {LIST.relative_to(ROOT)}; build again")


if __name__ == "__main__":
    main()
