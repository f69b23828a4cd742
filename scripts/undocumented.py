#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every public symbol of the libraries is documented: asked of the compiler, which knows what is public.

    scripts/undocumented.py        after `swift build --build-tests`, in the debug build

The formatter's rule looks at declarations that say `public`; this finds cases of enumerations, requirements of protocols
and what extensions declare, too.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build" / "debug"
LIBRARIES = """CharmKit CharmLogging CharmInterfaces CharmTesting HookProtocol UnitAgent PebbleAPI PebbleClient
PebblePlan""".split()


def modules_of_c():
    """What the compiler must be told to load modules that import C."""
    for directory in ("CLinux/include", "CTLS/include", "CVersion/include", "CYAML", "CSQLite"):
        source = ROOT / "Sources" / directory / "module.modulemap"
        built = BUILD / f"{directory.split('/')[0]}.build" / "module.modulemap"
        for path in (source, built):
            if path.exists():
                yield from ("-Xcc", f"-fmodule-map-file={path}")
                break
    for path in sorted((ROOT / ".build" / "checkouts").glob("*/Sources/*/include")):
        yield from ("-I", str(path))


def graph(module, directory):
    target = json.loads(subprocess.run(["swift", "-print-target-info"], capture_output=True, check=True).stdout)
    extract = ["swift", "symbolgraph-extract", "-module-name", module, "-target", target["target"]["triple"],
               "-I", str(BUILD / "Modules"), *modules_of_c(), "-minimum-access-level", "public",
               "-skip-synthesized-members", "-output-dir", directory]
    result = subprocess.run(extract, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{module}: build first (swift build --build-tests)\n{result.stderr}")
    return [json.loads(path.read_text()) for path in sorted(Path(directory).glob(f"{module}*.symbols.json"))]


def main():
    count, missing = 0, []
    for module in LIBRARIES:
        with tempfile.TemporaryDirectory() as directory:
            for part in graph(module, directory):
                # What only fulfils a protocol's requirement is documented there.
                inherited = {link["source"] for link in part["relationships"] if "sourceOrigin" in link}
                for symbol in part["symbols"]:
                    place = symbol.get("location")
                    if place is None or symbol["identifier"]["precise"] in inherited:
                        continue
                    count += 1
                    if "docComment" not in symbol:
                        path = place["uri"].removeprefix("file://").removeprefix(f"{ROOT}/")
                        missing.append((path, place["position"]["line"] + 1, ".".join(symbol["pathComponents"])))
    for path, line, name in sorted(missing):
        print(f"{path}:{line}: {name} is public and not documented")
    print(f"{count} public symbols of {len(LIBRARIES)} libraries, {len(missing)} not documented")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
