#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes down which functions the exporters run, for the linker to put them side by side; see bench/hot_programs.py.

    bench/hot_exporters.py [--check]     what `make hot-functions` runs; needs valgrind and the built programs

They are given what bench/exporters.py gives them, less of it.
"""
import argparse
import tempfile
from pathlib import Path

import exporters
import hot_programs

ROOT = Path(exporters.ROOT)
LIST = ROOT / "packaging/hot-functions-exporters.txt"
PROGRAMS = {"statsd-exporter": (exporters.bench_statsd, 3000), "celery-exporter": (exporters.bench_celery, 200)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say how much of the list is in the programs")
    options = parser.parse_args()
    hot = set()
    for name, (exercise, count) in PROGRAMS.items():
        program = ROOT / ".build/release" / name
        known = hot_programs.functions_of(program)
        if options.check:
            listed = hot_programs.listed(LIST)
            print(f"{name}: {len(listed & known)} of {len(listed)} listed functions")
            continue
        with tempfile.TemporaryDirectory(prefix="hot-functions-") as base:
            for _ in exercise("ours", hot_programs.watched_by_name(program, base), count):
                pass
            hot |= hot_programs.names_run(base) & known
    if not options.check:
        head = "Functions the exporters run, by their names for the linker. Written by bench/hot_exporters.py."
        print(f"{hot_programs.write(LIST, head, hot)} functions in {LIST.relative_to(ROOT)}; build again")


if __name__ == "__main__":
    main()
