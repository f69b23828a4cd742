#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes down which functions the exporters run, for the linker to put them side by side; see bench/hot_programs.py.

    bench/hot_exporters.py [--check]     what `make hot-functions` runs; needs valgrind and the built programs

They are given what bench/exporters.py gives them, less of it.
"""
from pathlib import Path

import exporters
import hot_programs

ROOT = Path(exporters.ROOT)
PROGRAMS = ROOT / ".build/release"


def consume(measures):
    for _ in measures:
        pass


if __name__ == "__main__":
    hot_programs.main(__doc__, ROOT / "packaging/hot-functions-exporters.txt", "bench/hot_exporters.py", {
        PROGRAMS / "statsd-exporter": lambda program: consume(exporters.bench_statsd("ours", program, 3000)),
        PROGRAMS / "celery-exporter": lambda program: consume(exporters.bench_celery("ours", program, 200)),
    })
