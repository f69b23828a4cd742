#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the daemon, beside another one with the same interface if there is one.

    bench/pebble.py                          ours, from .build/release, beside figures recorded elsewhere
    bench/pebble.py --peer /path/to/pebble   ours and that one, in turns: medians of the rounds, and the ratio
    bench/pebble.py --only ten,exec          some of it

Between one hour and the next the same binary moves by half, and on a busy machine by more: a ratio within one run
says something, a figure beside one of another day does not. The load comes from Python on the same processors, so
rates are as much its as the daemon's: "processor each" is the daemon's alone.
"""
import argparse
import os
import statistics
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, f"{ROOT}/bench/pebble")

import measures  # noqa: E402

# Canonical's Pebble v1.32.1, built with Go 1.27.3, on two cores of an AMD EPYC, by another load generator.
RECORDED = {
    "start to ready, empty: ms": "12",
    "memory, empty: resident MB": "11.1",
    "memory, empty: private MB": "2.4",
    "memory, 10 services: resident MB": "13.5",
    "memory, 10 services: private MB": "4.3",
    "threads, empty": "8",
    "GET services, 1 connection: requests/s": "13,075",
    "GET services, 1 connection: p50 us": "70",
    "GET services, 1 connection: p99 us": "206",
    "GET services, 1 connection: processor us each": "72",
    "GET services, 8 connections: requests/s": "42,263",
    "GET services, 8 connections: p50 us": "68",
    "GET services, 8 connections: p99 us": "1,970",
    "GET services, 8 connections: processor us each": "30",
    "memory, after these requests: resident MB": "18.4",
    "SIGTERM to exit, 10 services: ms": "32",
    "50 services: start to all active, ms": "103",
    "50 services: start to autostart done, ms": "1,107",
    "50 services: processor ms": "340",
    "memory, 50 services: resident MB": "22.7",
    "exec true, history of 10-110: p50 ms": "11.9",
    "exec true, history of 10-110: processor ms each": "9.4",
    "exec true, history of 500-600: p50 ms": "54.6",
    "exec output, 200 MB: MB/s": "424",
    "exec output: processor s per GB": "2.6",
    "logs, lines of 100 bytes: MB/s": "309",
    "logs, lines of 100 bytes: processor s per GB": "3.2",
    "logs, lines of 1000 bytes: MB/s": "782",
    "logs, lines of 1000 bytes: processor s per GB": "1.2",
    "memory, peak while logging: MB": "12.4",
    "SIGKILL of a service to its status: ms": "1.7",
    "SIGKILL of a service to its successor: ms": "527",
    "20 checks: processor s a minute": "1.38",
    "20 checks: MB written a minute": "19.3",
    "memory, 20 checks: resident MB": "17.6",
    "binary: MB": "10.6",
}


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def is_rate(row):
    return row.endswith("/s")


def verdict(row, ratio):
    """What a ratio of ours to the peer's means."""
    if row.startswith("binary"):
        return "reported"
    better = ratio if is_rate(row) else 1 / ratio if ratio else float("inf")
    return "better" if better > 1.05 else "worse" if better < 0.95 else "same"


def run(binaries, names, given):
    """The figures of all rounds: row, then binary, then a list."""
    figures = {}
    for turn in range(given.rounds):
        for name in names:
            # Who goes first changes, as the one who does finds the machine in another state.
            for which in list(binaries)[:: -1 if turn % 2 else 1]:
                for row, value in measures.ALL[name](binaries[which], given):
                    figures.setdefault(row, {}).setdefault(which, []).append(value)
                print(f"round {turn + 1} of {given.rounds}: {name}, {which}", file=sys.stderr, flush=True)
    return figures


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--binary", default=f"{ROOT}/.build/release/pebble", help="ours")
    options.add_argument("--peer", default=os.environ.get("PEER"), help="another pebble")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=3, help="how long requests are sent")
    options.add_argument("--check-seconds", type=float, default=60, help="how long checks are watched")
    options.add_argument("--only", help=f"some of {','.join(measures.ALL)}")
    given = options.parse_args()
    binaries = {"ours": given.binary} | ({"peer": given.peer} if given.peer else {})
    for binary in binaries.values():
        if not os.access(binary, os.X_OK):
            sys.exit(f"bench: there is no program {binary}")
    figures = run(binaries, given.only.split(",") if given.only else list(measures.ALL), given)
    if given.peer:
        print("| figure | ours | the peer's | ours / the peer's | ours is | recorded elsewhere |")
        print("|---|---:|---:|---:|---|---:|")
    else:
        print("| figure | ours | recorded elsewhere |")
        print("|---|---:|---:|")
    for row, found in figures.items():
        ours = statistics.median(found["ours"])
        cells = [row, number(ours)]
        if given.peer:
            peer = statistics.median(found["peer"])
            ratio = ours / peer if peer else float("inf") if ours else 1
            cells += [number(peer), f"{ratio:.2f}", verdict(row, ratio)]
        print("| " + " | ".join([*cells, RECORDED.get(row, "")]) + " |")


if __name__ == "__main__":
    main()
