#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Packs the charm as Juju deploys it, from charm/ and the program indico-charm; `make charm` builds that first.

    scripts/charm.py --out dist/indico_amd64.charm     the archive; the same bytes for the same commit
    scripts/charm.py --stage DIR --base 24.04          what is in it, unpacked, as a part of charmcraft wants it: for the
                                                       base that charmcraft packs on, where an archive of each is made
    scripts/charm.py --print metadata.yaml             one of the files cut out of charm/charmcraft.yaml

The program must run on every base the manifest names. What it asks of them is looked at in the program itself: a symbol
of a glibc newer than theirs, or a library they may not have, is an error.
"""
import argparse
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHARM = ROOT / "charm"

# What the bases have: libc6; the runtime of C++ is inside the program. An archive for several is held to the oldest.
# scripts/charm-bases.sh starts the charm in them, and shows it.
NEWEST = {"22.04": {"GLIBC": (2, 35)}, "24.04": {"GLIBC": (2, 39)}}
LIBRARIES = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
# Parts of Swift's library that come with one careless call and are then in memory at each event, by what their symbols hold.
UNWANTED = {"regular expressions": "17_StringProcessing", "libdispatch": "dispatch_queue_create",
            "Foundation": "20FoundationEssentials"}

# Keys of charmcraft.yaml that only packing reads, as in Sources/OneMachine/Setup/CharmcraftFile.swift: a test compares.
PACKING = {"type", "bases", "base", "build-base", "platforms", "parts", "analysis", "charm-libs"}
RENAMED = {"title": "display-name"}


def fail(text):
    sys.exit(f"charm: {text}")


def sections(text):
    """Keys at the start of a line with the lines up to the next one; comments before a key count as its own."""
    found, comments = [], []
    for line in text.split("\n"):
        key = re.match(r"([A-Za-z0-9_-]+):", line)
        if key:
            found.append((key.group(1), comments + [line]))
            comments = []
        elif line.startswith("#"):
            comments.append(line)
        elif found:
            found[-1][1].extend(comments + [line])
            comments = []
    return found


def inner(lines):
    """What is below a key, moved left by its indentation."""
    while lines[0].startswith("#"):
        lines = lines[1:]
    lines = lines[1:]
    first = next((line for line in lines if line.strip(" ")), "")
    indentation = len(first) - len(first.lstrip(" "))
    return "".join(line[min(indentation, len(line) - len(line.lstrip(" "))):] + "\n" for line in lines)


def cut(text):
    """The three files of an unpacked charm."""
    files = {"metadata.yaml": "", "config.yaml": "", "actions.yaml": ""}
    for key, lines in sections(text):
        if key in ("config", "actions"):
            files[f"{key}.yaml"] += inner(lines)
        elif key not in PACKING:
            name = RENAMED.get(key, key)
            files["metadata.yaml"] += "".join(
                (name + line[len(key):] if line.startswith(key + ":") else line) + "\n" for line in lines)
    files["config.yaml"] = files["config.yaml"] or "options: {}\n"
    files["actions.yaml"] = files["actions.yaml"] or "{}\n"
    return files


def bases(text):
    """The bases of the platforms: `ubuntu@24.04:amd64` gives ("ubuntu", "24.04", "amd64")."""
    lines = next(lines for key, lines in sections(text) if key == "platforms")
    return [re.match(r" +(\w+)@([\d.]+):(\w+):", line).groups() for line in lines if re.match(r" +\w+@", line)]


def manifest(text):
    """What Juju reads to know where a charm runs."""
    told = "bases:\n"
    for name, channel, architecture in bases(text):
        told += f"- name: {name}\n  channel: '{channel}'\n  architectures: [{architecture}]\n"
    return told + "analysis:\n  attributes:\n  - {name: language, result: unknown}\n  - {name: framework, result: unknown}\n"


def output(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def requirements(program):
    """The libraries a program loads, and of each kind the newest symbol it takes from them."""
    libraries = set(re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "--wide", "--dynamic", program)))
    newest = {}
    for kind, version, symbol in re.findall(r"\*UND\*.*?\b([A-Z]+)_([\d.]+)\)?\s+(\S+)",
                                            output("objdump", "--dynamic-syms", program)):
        newest[kind] = max(newest.get(kind, ((0,), "")), (tuple(map(int, version.split("."))), symbol))
    return libraries, newest


def dotted(version):
    return ".".join(map(str, version))


def check(program, base):
    """Refuses a program that an image of the base could not start, and so none of a newer one."""
    libraries, newest = requirements(program)
    if libraries - LIBRARIES:
        fail(f"{program} loads {', '.join(sorted(libraries - LIBRARIES))}, which a base need not have; "
             "build it with scripts/build-release.sh")
    if "GLIBC" not in newest:
        fail(f"objdump tells no symbol that {program} takes from glibc")
    for kind, (version, symbol) in newest.items():
        most = NEWEST[base].get(kind, (0,))
        if version > most:
            fail(f"{program} needs {symbol}@{kind}_{dotted(version)}, and Ubuntu {base} has up to {dotted(most)}; "
                 f"build it on {'Debian 12 or Ubuntu 22.04' if base == '22.04' else f'Ubuntu {base}'}")
    symbols = output("nm", program)
    if "swift_retain" not in symbols:
        fail(f"{program} has no symbols left, so what is inside cannot be told")
    for part, name in UNWANTED.items():
        if name in symbols:
            fail(f"{program} has {part} inside: find the call with nm --undefined-only on what it is linked from")
    told = ", ".join(f"{kind}_{dotted(version)} ({symbol})" for kind, (version, symbol) in sorted(newest.items()))
    return f"{', '.join(sorted(libraries))}\nits newest symbols: {told}"


def files(program):
    """Everything in the archive: path, content, mode."""
    text = (CHARM / "charmcraft.yaml").read_text()
    version = output(program, "--version").split()[-1] + "\n"
    with tempfile.TemporaryDirectory(prefix="charm-") as directory:
        stripped = Path(directory) / "dispatch"
        # Two notes of the compiler go too: they are all that depends on the directory the program was built in.
        subprocess.run(["strip", "--strip-all", "--remove-section=.note.gnu.build-id", "--remove-section=.swift_modhash",
                        "-o", stripped, program], check=True)
        found = {"dispatch": (stripped.read_bytes(), 0o755)}
    for name, content in {**cut(text), "manifest.yaml": manifest(text), "version": version}.items():
        found[name] = (content.encode(), 0o644)
    for path in [CHARM / "icon.svg", ROOT / "LICENSE", ROOT / "README.md",
                 *CHARM.glob("workload/*.py"), *CHARM.glob("workload/*.yaml"),
                 *CHARM.glob("prometheus_alert_rules/*.yaml"), *CHARM.glob("grafana_dashboards/*.json")]:
        place = path.relative_to(CHARM if CHARM in path.parents else ROOT)
        found[str(place)] = (path.read_bytes(), 0o644)
    return found


def pack(found, out, moment):
    """A zip that depends on nothing but the files and the commit's time."""
    stamp = time.gmtime(moment)[:6]
    temporary = out.with_name(out.name + ".new")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(found):
            content, mode = found[name]
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, content)
    temporary.replace(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, default=ROOT / ".build/release/indico-charm")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", type=Path)
    what.add_argument("--stage", type=Path)
    what.add_argument("--print", choices=["metadata.yaml", "config.yaml", "actions.yaml", "manifest.yaml"])
    parser.add_argument("--base", choices=sorted(NEWEST), help="the Ubuntu it is for; all of the manifest's otherwise")
    options = parser.parse_args()
    if options.print:
        text = (CHARM / "charmcraft.yaml").read_text()
        sys.stdout.write({**cut(text), "manifest.yaml": manifest(text)}[options.print])
        return
    if not options.program.is_file():
        fail(f"{options.program} is not built; `make charm` builds it")
    needs = check(options.program, options.base or min(NEWEST))
    found = files(options.program)
    if options.stage:
        for name, (content, mode) in found.items():
            path = options.stage / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(mode)
        return
    options.out.parent.mkdir(parents=True, exist_ok=True)
    pack(found, options.out, int(output(ROOT / "scripts/version.sh", "--time")))
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB, {len(found)} files, for "
          + " and ".join(f"{name} {channel}" for name, channel, _ in bases((CHARM / 'charmcraft.yaml').read_text())))
    print(f"dispatch loads {needs}")


if __name__ == "__main__":
    main()
