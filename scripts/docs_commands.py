#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds every command that the documentation shows against what there is; run by scripts/docs.sh.

The commands of Juju's that a page shows cannot be executed without a controller, but what they name can be looked up: options,
actions with their parameters, endpoints, resources and storage of the charm. Of `indico-operator` the commands and their
flags are what the program tells of itself, of `make` the targets, and a script must be there.
"""
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import yaml

import howto

ROOT = Path(__file__).resolve().parent.parent
CHARM = yaml.safe_load((ROOT / "charm/charmcraft.yaml").read_text())
PROGRAM = Path(os.environ.get("PROGRAM", ROOT / ".build/debug/indico-operator"))
ENDPOINTS = {name for kind in ("requires", "provides", "peers") for name in CHARM[kind]}
OPTIONS = set(CHARM["config"]["options"])
# Of Juju 3.6, those that the pages use, with their flags.
JUJU = {
    "add-model": set(), "add-secret": set(), "grant-secret": set(), "update-secret": set(), "run": {"--wait"}, "status": {"--watch"}, "debug-log": set(),
    "config": {"--reset"}, "integrate": set(), "scale-application": set(), "trust": {"--scope"}, "ssh": {"--container"},
    "deploy": {"--resource", "--channel", "--trust", "--config", "--storage", "--num-units"},
    "refresh": {"--path", "--switch", "--resource"}, "attach-resource": set(), "resolved": set(), "add-storage": set(), "debug-hooks": set(),
}


def commands(text):
    """Each command line of a page: (line number, words)."""
    for match in re.finditer(r"^( *)```(\w*)\n(.*?)^\1```$|(?<![`\w])`((?:juju|indico-operator|make|scripts/)[^`\n]*)`", text, re.M | re.S):
        number = text.count("\n", 0, match.start()) + 1
        if match.group(4):
            yield number, match.group(4)
            continue
        if match.group(2) in ("sh", "console", ""):
            for offset, line in enumerate(match.group(3).replace("\\\n", " ").splitlines(), 1):
                line = line.strip()
                if line.startswith("$ ") or match.group(2) == "sh":
                    yield number + offset, line.removeprefix("$ ")


def simple(line):
    """The commands in a line of shell, each as words; what is substituted stays as it is."""
    for part in re.split(r"\$\(|\)(?=\"|$|\s)|&&|\|\||[|;]", line):
        try:
            words = shlex.split(part, comments=True)
        except ValueError:
            # The end of a quoted part that was cut from its beginning.
            words = part.replace('"', " ").replace("'", " ").split()
        while words and re.match(r"[A-Za-z_]+=", words[0]):
            words = words[1:]
        if words:
            yield words


def ours(name):
    return name in ("indico", "indico/0", "indico/leader")


def juju(words):
    if not words or not re.fullmatch(r"[a-z-]+", words[0]):
        return
    verb, rest = words[0], words[1:]
    if verb not in JUJU:
        yield f"juju {verb} is not among the commands this script knows of Juju's"
        return
    for flag in (word.partition("=")[0] for word in rest if word.startswith("--")):
        if flag not in JUJU[verb]:
            yield f"juju {verb} has no {flag}"
    plain = [word for word in rest if not word.startswith("-")]
    if verb == "config" and plain and ours(plain[0]):
        yield from unknown_options(plain[1:])
    if verb == "run" and plain and ours(plain[0]) and len(plain) > 1:
        yield from unknown_action(plain[1], plain[2:])
    if verb == "integrate":
        for application, _, endpoint in (word.partition(":") for word in plain):
            if ours(application) and endpoint and endpoint not in ENDPOINTS:
                yield f"the charm has no endpoint {endpoint}"
    if verb in ("deploy", "refresh") and any(ours(word) for word in plain):
        resources = {word.partition("=")[0] for flag, word in zip(rest, rest[1:]) if flag == "--resource"}
        if resources - set(CHARM["resources"]):
            yield f"the charm has no resource {', '.join(resources - set(CHARM['resources']))}"


def unknown_options(words):
    for word in words:
        name = word.partition("=")[0]
        if re.fullmatch(r"[a-z_]+", name) and name not in OPTIONS:
            yield f"the charm has no option {name}"


def unknown_action(name, parameters):
    if not re.fullmatch(r"[a-z-]+", name):
        return
    if name not in CHARM["actions"]:
        yield f"the charm has no action {name}"
        return
    known = CHARM["actions"][name].get("params", {})
    for word in parameters:
        key = word.partition("=")[0]
        if "=" in word and key not in known:
            yield f"action {name} has no parameter {key}"


def operator(words, tree):
    entry, path = tree, "indico-operator"
    words = list(words)
    inner = {one["commandName"]: one for one in entry.get("subcommands", [])}
    while words and inner:
        if words[0].startswith("-"):
            break
        if not re.fullmatch(r"[a-z-]+", words[0]):
            return
        if words[0] not in inner:
            yield f"{path} has no command {words[0]}"
            return
        entry, path = inner[words[0]], f"{path} {words[0]}"
        words = words[1:]
        inner = {one["commandName"]: one for one in entry.get("subcommands", [])}
    if "--" in words:
        words = words[:words.index("--")]
    flags = {("--" if name["kind"] == "long" else "-") + name["name"] for one in entry.get("arguments", []) for name in one.get("names", [])}
    for word in words:
        flag = word.partition("=")[0]
        if re.match(r"--?[a-z]", flag) and flag not in flags and flag not in ("--version", "--help", "--generate-completion-script"):
            yield f"{path} has no {flag}"
    plain = [word for word in words if not word.startswith("-")]
    if path.endswith(" config"):
        yield from unknown_options(plain)
    if path.endswith(" run") and plain:
        yield from unknown_action(plain[0], plain[1:])


def wrong(words, tree, targets):
    """What is wrong with a command."""
    program, rest = words[0], words[1:]
    if program == "juju":
        yield from juju(rest)
    elif program == "indico-operator" and tree:
        yield from operator(rest, tree)
    elif program == "make":
        yield from (f"there is no target {word}" for word in rest if re.fullmatch(r"[a-z][a-z-]*", word) and word not in targets)
    elif program.startswith("scripts/") and not (ROOT / program).exists():
        yield f"there is no {program}"


def main():
    tree = None
    if PROGRAM.is_file():
        tree = json.loads(subprocess.run([PROGRAM, "--experimental-dump-help"], check=True, stdout=subprocess.PIPE).stdout)["command"]
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.M))
    count, problems = 0, []
    for page in [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]:
        if page.name == "CHANGELOG.md":
            continue
        for number, line in commands(page.read_text()):
            for words in simple(line):
                count += words[0] in ("juju", "indico-operator", "make") or words[0].startswith("scripts/")
                problems += [f"{page.relative_to(ROOT)}:{number}: {text}" for text in wrong(words, tree, targets)]
    # What looks executed is: a page that scripts/howto.py or scripts/tutorial.py does not know has no such block.
    executed = {*howto.ORDER, "tutorial/first-charm"}
    for page in [*(ROOT / "docs/how-to").glob("*.md"), *(ROOT / "docs/tutorial").glob("*.md")]:
        if "```sh\n" in page.read_text() and f"{page.parent.name}/{page.stem}" not in executed:
            problems.append(f"{page.relative_to(ROOT)}: has blocks of sh, and scripts/howto.py does not execute them")
    if problems:
        sys.exit("\n".join(problems))
    print(f"docs: {count} commands name what there is{'' if tree else '; those of indico-operator were not looked at, it is not built'}")


if __name__ == "__main__":
    main()
