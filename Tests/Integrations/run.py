#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Indico with the servers of others, on an installation that is up: scripts/integrations.sh makes one.

    run.py --programs DIR --state-dir DIR --scratch DIR [STEP...]

STEP is the name of a step's function; without any all are made. Most take for granted what those before them did.
"""
import argparse
import sys
import warnings
import time
import traceback
from pathlib import Path

# What the servers' libraries say of each other's age.
warnings.simplefilter('ignore', DeprecationWarning)

from guarantees import Guarantees
from installation import Installation
from journey import Journey
from protection import Protection


def main():
    parser = argparse.ArgumentParser()
    for name in ('--programs', '--state-dir', '--scratch'):
        parser.add_argument(name, required=True, type=Path)
    parser.add_argument('steps', nargs='*')
    given = parser.parse_args()
    journey = Journey(Installation(given.programs, given.state_dir), given.scratch)
    parts = [journey, Protection(journey), Guarantees(journey)]
    steps = [getattr(part, name) for part in parts for name in part.STEPS]
    if given.steps:
        steps = [step for step in steps if step.__name__ in given.steps]
    for number, step in enumerate(steps, 1):
        began = time.monotonic()
        try:
            step()
        except Exception:
            traceback.print_exc()
            print(f'[{number}/{len(steps)}] {step.__doc__}: FAILED', flush=True)
            return 1
        print(f'[{number}/{len(steps)}] {step.__doc__}: {time.monotonic() - began:.0f} s', flush=True)
    print(f'integrations: {len(steps)} passed')
    return 0


if __name__ == '__main__':
    sys.exit(main())
