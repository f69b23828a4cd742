#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Executes the how-tos as they stand, on an installation of their own: `make howtos`.

    scripts/howto.py [--keep] [PAGE...]

Blocks of `sh` are run one after the other, each page in an empty directory; the first failure ends it. Blocks of `console`
need what is not here, a controller or a provider; they are counted. Without root, or as the account `nobody` for root, in
a state directory of its own; Indico's ports must be free. PROGRAMS is where the programs are, .build/release.
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
PROGRAMS = Path(os.environ.get("PROGRAMS", ROOT / ".build/release")).resolve()
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ORDER = ["one-machine", "tls", "mail", "customization", "plugins", "scale", "upgrade", "redeploy", "troubleshoot"]


def run(text, directory, environment):
    account = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    return subprocess.run([*account, "bash", "-euo", "pipefail", "-c", text], cwd=directory, env=environment, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def main():
    words = [word for word in sys.argv[1:] if word != "--keep"]
    pages = [Path(word) for word in words] or [ROOT / f"docs/how-to/{name}.md" for name in ORDER]
    if not (PROGRAMS / "indico-operator").is_file():
        sys.exit(f"howto: {PROGRAMS}/indico-operator is not built; scripts/build-release.sh builds it")
    place = Path(tempfile.mkdtemp(prefix="howto-", dir="/var/tmp"))
    commands = {name: place / "bin" / name for name in ("indico-operator",)}
    (place / "bin").mkdir()
    for name, path in commands.items():
        path.symlink_to(PROGRAMS / name)
    environment = {"PATH": f"{place}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
                   "HOME": str(place), "INDICO_OPERATOR_STATE_DIR": str(place / "state")}
    for name in ("http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL", "PIP_CONFIG_FILE"):
        if name in os.environ:
            environment[name] = os.environ[name]
    place.chmod(0o755)
    if os.geteuid() == 0:
        shutil.chown(place, "nobody", "nogroup")
    executed, shown, failure = 0, 0, None
    try:
        for page in pages:
            directory = place / page.stem
            directory.mkdir()
            if os.geteuid() == 0:
                shutil.chown(directory, "nobody", "nogroup")
            text = page.read_text()
            for match in FENCE.finditer(text):
                kind, block = match.groups()
                if kind == "console":
                    shown += sum(line.startswith("$ ") for line in block.splitlines())
                if kind != "sh":
                    continue
                begun = time.monotonic()
                result = run(block, directory, environment)
                line = text.count("\n", 0, match.start()) + 1
                print(f"{page.name}:{line}: {time.monotonic() - begun:.0f} s: {block.splitlines()[0][:90]}", flush=True)
                if result.returncode != 0:
                    failure = f"{page.name}:{line}: ended with {result.returncode}:\n{result.stdout[-4000:]}"
                    break
                executed += len(block.splitlines())
            if failure:
                break
    finally:
        if "--keep" in sys.argv[1:]:
            print(f"howto: left in {place}")
        else:
            gone = run("[ ! -e state ] || indico-operator destroy --yes", place, environment)
            if gone.returncode == 0:
                shutil.rmtree(place)
            else:
                failure = failure or f"destroy ended with {gone.returncode}, in {place}:\n{gone.stdout[-2000:]}"
    if failure:
        sys.exit(failure)
    print(f"howto: {executed} commands in {len(pages)} pages executed as they stand; {shown} beside them are shown only")


if __name__ == "__main__":
    main()
