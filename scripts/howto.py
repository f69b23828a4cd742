#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Executes the how-tos, and the tutorial of a conference, as they stand.

    scripts/howto.py [--keep] [PAGE...]        on an installation of their own: `make howtos`
    scripts/howto.py --on DIRECTORY [PAGE...]  on the installation there; it stays

Blocks of `sh` are run one after the other, each page in an empty directory; the first failure ends it. Blocks of `console`
need what is not here, a controller or a provider; they are counted. Without root, or as the account `nobody` for root where
the installation is of their own; Indico's ports must be free then. PROGRAMS is where the programs are, .build/release.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(os.environ.get("PROGRAMS", ROOT / ".build/release")).resolve()
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
# What is installed first comes first; what takes longest to be taken up is followed by what does not wait for it.
ORDER = ["tutorial/first-conference", *(f"how-to/{name}" for name in (
    "one-machine", "tls", "mail", "customization", "plugins", "upgrade", "alerts", "scale", "backup-and-restore", "migrate",
    "redeploy", "troubleshoot"))]
# What a block may be: executed, shown, a file somebody has, what a program prints, a rule to read.
KINDS = {"sh", "console", "nginx", "hcl", "text"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="leave the installation of their own")
    parser.add_argument("--on", type=Path, metavar="DIRECTORY", help="the state directory of an installation that is up")
    parser.add_argument("pages", nargs="*", type=Path)
    return parser.parse_args()


class Place:
    """Where the commands run, by whom, and what they see."""

    def __init__(self, installation):
        self.directory = Path(tempfile.mkdtemp(prefix="howto-", dir="/var/tmp"))
        self.directory.chmod(0o755)
        self.state = installation or self.directory / "state"
        # On an installation that is there: as who we are, who it belongs to.
        self.as_nobody = installation is None and os.geteuid() == 0
        (self.directory / "bin").mkdir()
        (self.directory / "bin/indico-operator").symlink_to(PROGRAMS / "indico-operator")
        self.environment = {
            "PATH": f"{self.directory}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
            "HOME": str(self.directory), "INDICO_OPERATOR_STATE_DIR": str(self.state),
            # The site that the page about coming from another one comes from: this one.
            "OLD_ARCHIVE": str(self.state / "root/srv/indico/archive"),
        }
        for name in ("http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL", "PIP_CONFIG_FILE"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.give(self.directory)

    def give(self, path):
        if self.as_nobody:
            shutil.chown(path, "nobody", "nogroup")

    def run(self, text, directory):
        configuration = self.state / "root/srv/indico/etc/indico.conf"
        if configuration.is_file():
            found = re.search(r"^SQLALCHEMY_DATABASE_URI = '(.*)'$", configuration.read_text(), re.MULTILINE)
            self.environment["OLD_DATABASE"] = found.group(1) if found else ""
        account = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if self.as_nobody else []
        return subprocess.run([*account, "bash", "-euo", "pipefail", "-c", text], cwd=directory, env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def page(self, path):
        """Executes a page; gives how many commands it ran and how many it only shows."""
        directory = self.directory / path.stem
        directory.mkdir()
        self.give(directory)
        text, executed, shown = path.read_text(), 0, 0
        for match in FENCE.finditer(text):
            kind, block = match.group(2), textwrap.dedent(match.group(3))
            line = text.count("\n", 0, match.start()) + 1
            if kind not in KINDS:
                raise Failure(f"{path.name}:{line}: a block is one of {', '.join(sorted(KINDS))}")
            if kind == "console":
                shown += sum(line.startswith("$ ") for line in block.splitlines())
            if kind != "sh":
                continue
            begun = time.monotonic()
            result = self.run(block, directory)
            print(f"{path.name}:{line}: {time.monotonic() - begun:.0f} s: {block.splitlines()[0][:90]}", flush=True)
            if result.returncode != 0:
                raise Failure(f"{path.name}:{line}: ended with {result.returncode}:\n{result.stdout[-4000:]}")
            executed += sum(not line.startswith((" ", "#")) for line in block.splitlines())
        return executed, shown

    def leave(self, keep):
        if keep:
            print(f"howto: left in {self.directory}")
            return
        if self.state.parent == self.directory:
            gone = self.run("[ ! -e state ] || indico-operator destroy --yes", self.directory)
            if gone.returncode != 0:
                raise Failure(f"destroy ended with {gone.returncode}, in {self.directory}:\n{gone.stdout[-2000:]}")
        shutil.rmtree(self.directory)


class Failure(Exception):
    pass


def main():
    options = arguments()
    pages = options.pages or [ROOT / f"docs/{name}.md" for name in ORDER]
    if not (PROGRAMS / "indico-operator").is_file():
        sys.exit(f"howto: {PROGRAMS}/indico-operator is not built; scripts/build-release.sh builds it")
    place = Place(options.on.resolve() if options.on else None)
    begun, executed, shown, failure = time.monotonic(), 0, 0, None
    try:
        for page in pages:
            ran, told = place.page(page)
            executed, shown = executed + ran, shown + told
    except Failure as error:
        failure = error
    try:
        place.leave(options.keep)
    except Failure as error:
        failure = failure or error
    if failure:
        sys.exit(str(failure))
    print(f"howto: {executed} commands in {len(pages)} pages executed as they stand, in {time.monotonic() - begun:.0f} s; "
          f"{shown} beside them are shown only")


if __name__ == "__main__":
    main()
