#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes down which functions a dispatch of our charms runs, for the linker to put them side by side.

    bench/hot_functions.py [--check]        what `make hot-functions` runs; needs valgrind and the built charms

Of a program's eight megabytes of code a dispatch runs less than one, here and there: most of the pages it has in memory,
and many of those it waits for, are there because of a neighbour. The linker lays the functions of
`packaging/hot-functions.txt` out first, one after the other. What is not in the list, or not in the program any more, is
laid out as ever: an old list costs memory and nothing else. `--check` says how much of the list is still there.

The events are those of `bench/charm.py`, the first of each kind and the second, with and without relations, over
executables and over one connection.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import charm as bench

LIST = bench.ROOT / "packaging" / "hot-functions.txt"
NAME = re.compile(r"^c?fn=\(\d+\) (\S+)", re.MULTILINE)
HEAD = """# Functions a dispatch runs, of the charms and of Swift's library in them, by their names for the linker.
# Written by bench/hot_functions.py.
"""


def functions_of(program):
    """The names of all functions in a program."""
    listing = subprocess.run(["nm", "--defined-only", program], capture_output=True, text=True, check=True).stdout
    return {fields[2] for line in listing.splitlines() if len(fields := line.split()) == 3 and fields[1] in "tTwWVi"}


def run_under_valgrind(app, world, native, program, launcher, base):
    """The names of the functions that the events of one world run."""
    directory = Path(tempfile.mkdtemp(dir=base))
    profiles = directory / "profile.%p"
    command = ["/usr/bin/valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={profiles}", program]
    charm = bench.Charm(app, app, lambda _: command, world, 0, directory, native=native)
    for event in ["install", *bench.EVENTS, *bench.EVENTS]:
        charm.dispatch(event, launcher)
    names = set()
    for profile in directory.glob("profile.*"):
        names.update(re.sub(r"'\d+$", "", name) for name in NAME.findall(profile.read_text()))
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say how much of the list is in the programs")
    options = parser.parse_args()
    python, launcher = bench.prepare()
    if Path(sys.prefix).resolve() != (bench.WORK / "venv").resolve():
        os.execv(python, [str(python), *sys.argv])
    programs = {"indico": bench.RELEASE / "indico-charm", "hello": bench.RELEASE / "hello-charm"}
    known = {app: functions_of(program) for app, program in programs.items()}
    if options.check:
        listed = set(LIST.read_text().split("\n")) - set(HEAD.split("\n"))
        for app, names in known.items():
            print(f"{programs[app].name}: {len(listed & names)} of {len(listed)} listed functions")
        return
    hot = set()
    with tempfile.TemporaryDirectory(prefix="hot-functions-") as base:
        for app, program in programs.items():
            # Valgrind gives up over the debugging information of Swift.
            bare = Path(base) / program.name
            subprocess.run(["strip", "--strip-debug", "-o", bare, program], check=True)
            for world in ("unrelated", "related"):
                for native in (False, True):
                    hot |= run_under_valgrind(app, world, native, bare, launcher, base) & known[app]
    LIST.write_text(HEAD + "".join(f"{name}\n" for name in sorted(hot)))
    print(f"{len(hot)} functions in {LIST.relative_to(bench.ROOT)}; build again")


if __name__ == "__main__":
    main()
