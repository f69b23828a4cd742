#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Executes a tutorial as it stands on the page.

    scripts/tutorial.py docs/tutorial/first-charm.md

In an empty directory: a block after a line that is a file's name in backquotes and a colon becomes that file; blocks of
shell are run one after the other, and the first failure ends it; a block of text after one is what it must have printed.
CHARMKIT stands for this repository, in files and in the environment. What is compiled stays in .build/tutorial/.build, so
that a second run is quick.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"^`([^`]+)`:$")


def steps(page):
    """The page's blocks in order, each with the file it is, if it is one."""
    for match in FENCE.finditer(page):
        before = page[:match.start()].rstrip().splitlines()
        name = NAME.match(before[-1].strip()) if before else None
        yield match.group(1), name.group(1) if name else None, match.group(2), page.count("\n", 0, match.start()) + 1


def fail(page, line, text):
    sys.exit(f"{page}:{line}: {text}")


def run(text, directory, environment):
    return subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=directory, env=environment, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def empty_directory():
    """Always the same one, empty but for what was compiled there: the compiler knows its work by its path."""
    directory = ROOT / ".build" / "tutorial"
    # Sockets lie below it, whose paths have 107 bytes.
    if len(str(directory)) > 60:
        return Path(tempfile.mkdtemp(prefix="tutorial-"))
    directory.mkdir(parents=True, exist_ok=True)
    for entry in directory.iterdir():
        if entry.name in (".build", "Package.resolved"):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    return directory


def main():
    page = sys.argv[1]
    environment = {**os.environ, "CHARMKIT": str(ROOT)}
    directory = empty_directory()
    printed, files, commands = "", 0, 0
    try:
        for kind, name, text, line in steps(Path(page).read_text()):
            if name:
                path = directory / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text.replace("CHARMKIT", str(ROOT)) if name == "Package.swift" else text)
                files += 1
            elif kind == "sh":
                begun = time.monotonic()
                result = run(text, directory, environment)
                printed = result.stdout
                print(f"{page}:{line}: {time.monotonic() - begun:.0f} s: {text.splitlines()[-1]}", flush=True)
                if result.returncode != 0:
                    fail(page, line, f"ended with {result.returncode}:\n{printed[-4000:]}")
                commands += 1
            elif kind == "text" and text.strip() not in printed:
                fail(page, line, f"expected\n{text}but it printed\n{printed[-2000:]}")
    finally:
        if (directory / "state" / "run.pid").exists():
            run('"$CHARMKIT/.build/debug/run-charm" stop', directory, environment)
            shutil.rmtree(directory / "state", ignore_errors=True)
    print(f"{page}: {files} files and {commands} commands, as they stand")


if __name__ == "__main__":
    main()
