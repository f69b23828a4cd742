# SPDX-License-Identifier: Apache-2.0
"""Which functions programs run, for the linker to put them side by side.

Of a program's megabytes of code most runs need a tenth, here and there: most of the pages a program has in memory, and
many of those it waits for, are there because of a neighbour. The linker lays the functions of a list out first, one after
the other. What is not in the list, or not in the program any more, is laid out as ever: an old list costs memory and
nothing else.
"""
import argparse
import re
import subprocess
import tempfile
from pathlib import Path

RAN = re.compile(r"^c?fn=\(\d+\) (\S+)", re.MULTILINE)


def functions_of(program):
    """The names of all functions in a program."""
    listing = subprocess.run(["nm", "--defined-only", program], capture_output=True, text=True, check=True).stdout
    return {fields[2] for line in listing.splitlines() if len(fields := line.split()) == 3 and fields[1] in "tTwWVi"}


def stripped(program, base):
    """A copy in a directory that valgrind can run: it gives up over the debugging information of Swift."""
    bare = Path(base) / Path(program).name
    subprocess.run(["strip", "--strip-debug", "-o", bare, program], check=True)
    return bare


def watched(program, profiles):
    """The words that run a program, and leave in a directory what it ran."""
    return ["/usr/bin/valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={profiles}/profile.%p", program]


def watched_by_name(program, base):
    """The same as one program, for whoever wants a path."""
    wrapper = Path(base) / f"watched-{Path(program).name}"
    words = " ".join(f'"{word}"' for word in watched(stripped(program, base), base))
    wrapper.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    wrapper.chmod(0o755)
    return str(wrapper)


def names_run(profiles):
    """The names of the functions that were run."""
    names = set()
    for profile in Path(profiles).glob("profile.*"):
        names.update(re.sub(r"'\d+$", "", name) for name in RAN.findall(profile.read_text()))
    return names


def main(description, path, writer, exercises):
    """What a script of lists does: writes one, or with --check says how much of it is still in the programs.

    `exercises` has for each program what has it run, given the path of one that is watched.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say how much of the list is in the programs")
    checks, hot = parser.parse_args().check, set()
    for program, exercise in exercises.items():
        known = functions_of(program)
        if checks:
            names = listed(path)
            print(f"{program.name}: {len(names & known)} of {len(names)} listed functions")
            continue
        with tempfile.TemporaryDirectory(prefix="hot-functions-") as base:
            exercise(watched_by_name(program, base))
            hot |= names_run(base) & known
    if not checks:
        head = f"Functions that are run, by their names for the linker. Written by {writer}."
        print(f"{write(path, head, hot)} functions in {path.name}; build again")


def write(path, head, names):
    """Writes a list; returns how long it is."""
    if not names:
        raise SystemExit(f"{path.name}: valgrind saw nothing run")
    path.write_text(f"# {head}\n" + "".join(f"{name}\n" for name in sorted(names)))
    return len(names)


def listed(path):
    """The names of a list."""
    return {line for line in path.read_text().splitlines() if not line.startswith("#")}
