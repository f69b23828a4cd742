#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes down which functions the daemon runs, for the linker to put them side by side; see bench/hot_programs.py.

    bench/pebble/hot_daemon.py [--check]     what `make hot-functions` runs; needs valgrind and the built program

`--check` says how much of `packaging/hot-functions-pebble.txt` is still in the program.
"""
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import hot_programs  # noqa: E402
from daemon import Daemon, services  # noqa: E402

LOOKS = ("/v1/services", "/v1/system-info", "/v1/changes", "/v1/health", "/v1/plan?format=yaml")


def exercise(program):
    """The start, which takes the most memory, and clients that look.

    Valgrind cannot watch a process by its descriptor: services are begun and given up.
    """
    with Daemon(program, services(5)) as daemon:
        time.sleep(10)
        for path in LOOKS * 4:
            daemon.connection.get(path)


if __name__ == "__main__":
    hot_programs.main(__doc__, ROOT / "packaging/hot-functions-pebble.txt", "bench/pebble/hot_daemon.py",
                      {ROOT / ".build/release/pebble": exercise})
