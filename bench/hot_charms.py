#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes down which functions a dispatch of our charms runs, for the linker to put them side by side; see hot_programs.py.

    bench/hot_charms.py [--check]        what `make hot-functions` runs; needs valgrind and the built charms

`--check` says how much of `packaging/hot-functions-charms.txt` is still in the programs.

The events are those of `bench/charm.py`, the first of each kind and the second, with and without relations, over
executables and over one connection.
"""
import argparse
import os
import sys
import tempfile
from pathlib import Path

import charm as bench
import hot_programs

LIST = bench.ROOT / "packaging" / "hot-functions-charms.txt"


def run_under_valgrind(app, world, native, program, launcher, base):
    """The names of the functions that the events of one world run."""
    directory = Path(tempfile.mkdtemp(dir=base))
    command = hot_programs.watched(program, directory)
    charm = bench.Charm(app, app, lambda _: command, world, 0, directory, native=native)
    for event in ["install", *bench.EVENTS, *bench.EVENTS]:
        charm.dispatch(event, launcher)
    return hot_programs.names_run(directory)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say how much of the list is in the programs")
    options = parser.parse_args()
    python, launcher = bench.prepare()
    if Path(sys.prefix).resolve() != (bench.WORK / "venv").resolve():
        os.execv(python, [str(python), *sys.argv])
    programs = {"indico": bench.RELEASE / "indico-charm", "hello": bench.RELEASE / "hello-charm"}
    known = {app: hot_programs.functions_of(program) for app, program in programs.items()}
    if options.check:
        listed = hot_programs.listed(LIST)
        for app, names in known.items():
            print(f"{programs[app].name}: {len(listed & names)} of {len(listed)} listed functions")
        return
    hot = set()
    with tempfile.TemporaryDirectory(prefix="hot-functions-") as base:
        for app, program in programs.items():
            bare = hot_programs.stripped(program, base)
            for world in ("unrelated", "related"):
                for native in (False, True):
                    hot |= run_under_valgrind(app, world, native, bare, launcher, base) & known[app]
    head = "Functions a dispatch runs, by their names for the linker. Written by bench/hot_charms.py."
    print(f"{hot_programs.write(LIST, head, hot)} functions in {LIST.relative_to(bench.ROOT)}; build again")


if __name__ == "__main__":
    main()
