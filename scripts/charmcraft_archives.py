# SPDX-License-Identifier: Apache-2.0
"""Compares the archive of `make charm` with one that charmcraft packed; run by scripts/charmcraft-pack.sh."""
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import yaml

# Written anew by charmcraft with the same values; the manifest names the one base it is for.
VALUES = {"metadata.yaml", "config.yaml", "actions.yaml"}


def program(archive, place):
    path = Path(place) / "dispatch"
    path.write_bytes(archive.read("dispatch"))
    path.chmod(0o755)
    loaded = subprocess.check_output(["readelf", "--wide", "--dynamic", path], text=True)
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", loaded))


def main():
    ours, theirs = (zipfile.ZipFile(path) for path in sys.argv[1:3])
    if ours.read("version") != theirs.read("version"):
        sys.exit(f"ours is {ours.read('version').decode().strip()} and theirs {theirs.read('version').decode().strip()}: "
                 "commit, `make charm`, and pack again")
    differences = []
    for name in sorted(set(ours.namelist()) ^ set(theirs.namelist())):
        differences.append(f"{name} is only in {'ours' if name in ours.namelist() else 'theirs'}")
    same = 0
    for name in sorted(set(ours.namelist()) & set(theirs.namelist())):
        if ours.getinfo(name).external_attr >> 16 != theirs.getinfo(name).external_attr >> 16:
            differences.append(f"{name} has another mode")
        mine, other = ours.read(name), theirs.read(name)
        if name == "dispatch":
            continue
        if name == "manifest.yaml":
            base = yaml.safe_load(other)["bases"]
            if not all(one in yaml.safe_load(mine)["bases"] for one in base):
                differences.append(f"their manifest is for {base}")
        elif name in VALUES and yaml.safe_load(mine) != yaml.safe_load(other) or name not in VALUES and mine != other:
            differences.append(f"{name} says something else")
        else:
            same += 1
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        libraries = program(ours, one), program(theirs, two)
    if libraries[0] != libraries[1]:
        differences.append(f"dispatch loads {libraries[1]}, ours {libraries[0]}")
    if differences:
        sys.exit("\n".join(differences))
    print(f"{same} files say the same, the manifest names a base of ours, and dispatch loads the same libraries "
          f"({len(theirs.read('dispatch'))} bytes, ours {len(ours.read('dispatch'))}: each is linked with its base's glibc)")


if __name__ == "__main__":
    main()
