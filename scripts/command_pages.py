#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what a program says of itself (`--experimental-dump-help`) as pages.

    scripts/command_pages.py man PROGRAM DIRECTORY        PROGRAM.8, and PROGRAM-COMMAND.8 for each command
    scripts/command_pages.py markdown PROGRAM             one page, on standard output
"""
import json
import re
import subprocess
import sys
from pathlib import Path


def command(program):
    told = subprocess.run([program, "--experimental-dump-help"], check=True, stdout=subprocess.PIPE)
    return json.loads(told.stdout)["command"]


def shown(items):
    return [item for item in items if item.get("shouldDisplay", True) and item.get("commandName") != "help"]


def spelling(argument):
    """How an argument is written: `-f, --follow`, `--format <format>`, `<name> ...`."""
    names = sorted(argument.get("names", []), key=lambda name: name["kind"] == "long")
    dashes = {"short": "-", "long": "--", "longWithSingleDash": "-"}
    text = ", ".join(dashes[name["kind"]] + name["name"] for name in names)
    if argument["kind"] == "positional":
        text = f"<{argument['valueName']}>"
    elif argument["kind"] == "option":
        text += f" <{argument['valueName']}>"
    return text + (" ..." if argument["isRepeating"] else "")


def meaning(argument):
    text = " ".join(part for part in (argument.get("abstract"), argument.get("discussion")) if part)
    if argument.get("allValues") and not argument.get("completionKind", {}).get("file"):
        text += f" One of {', '.join(argument['allValues'])}."
    if argument.get("defaultValue"):
        text += f" Default: {argument['defaultValue']}."
    return text.strip()


def synopsis(path, entry):
    words = [path]
    if any(argument["kind"] != "positional" for argument in shown(entry.get("arguments", []))):
        words.append("[<options>]")
    for argument in shown(entry.get("arguments", [])):
        if argument["kind"] == "positional":
            words.append(f"[{spelling(argument)}]" if argument["isOptional"] else spelling(argument))
    if shown(entry.get("subcommands", [])):
        words.append("<command>")
    return " ".join(words)


def paragraphs(entry):
    """The discussion as (is it to be kept as it stands, text)."""
    for text in re.split(r"\n\n+", entry.get("discussion", "").strip()):
        if text:
            yield bool(re.search(r"^  ", text, re.MULTILINE)), text


# manual pages

def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def man_page(path, entry, version, others):
    name = path.replace(" ", "-")
    lines = [f'.TH {name.upper()} 8 "" "{version}" "System Manager\'s Manual"', ".SH NAME",
             f"{escaped(name)} \\- {escaped(entry['abstract'].rstrip('.'))}", ".SH SYNOPSIS", f".B {escaped(synopsis(path, entry))}"]
    parts = list(paragraphs(entry))
    if parts:
        lines.append(".SH DESCRIPTION")
        for kept, text in parts:
            lines += [".PP", *([".nf", escaped(text), ".fi"] if kept else [escaped(text)])]
    arguments = shown(entry.get("arguments", []))
    if arguments:
        lines.append(".SH OPTIONS")
        for argument in arguments:
            lines += [".TP", f".B {escaped(spelling(argument))}", escaped(meaning(argument))]
    commands = shown(entry.get("subcommands", []))
    if commands:
        lines.append(".SH COMMANDS")
        for inner in commands:
            lines += [".TP", f".BR {escaped(name + '-' + inner['commandName'])} (8)", escaped(inner["abstract"])]
    if others:
        lines += [".SH SEE ALSO", ",\n".join(f".BR {escaped(other)} (8)" for other in others).replace(",\n", " ,\n")]
    return "\n".join(lines) + "\n"


def write_man(program, directory):
    root = command(program)
    version = subprocess.run([program, "--version"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    name = root["commandName"]
    (directory / f"{name}.8").write_text(man_page(name, root, version, []))
    for entry in shown(root.get("subcommands", [])):
        page = man_page(f"{name} {entry['commandName']}", entry, version, [name])
        (directory / f"{name}-{entry['commandName']}.8").write_text(page)


# Markdown

def cell(text):
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;")


def markdown(program):
    root = command(program)
    name = root["commandName"]
    out = [f"# `{name}`", "", root["abstract"], ""]
    out += markdown_body(name, root)
    out += ["## Commands", "", "| command | what it does |", "|---|---|"]
    for entry in shown(root.get("subcommands", [])):
        out.append(f"| [`{entry['commandName']}`](#{name}-{entry['commandName']}) | {cell(entry['abstract'])} |")
    out.append("")
    for entry in shown(root.get("subcommands", [])):
        out += [f"## {name} {entry['commandName']}", "", entry["abstract"], ""]
        out += markdown_body(f"{name} {entry['commandName']}", entry)
    return "\n".join(out).rstrip() + "\n"


def markdown_body(path, entry):
    out = ["```text", synopsis(path, entry), "```", ""]
    for kept, text in paragraphs(entry):
        out += ["```text", text, "```", ""] if kept else [text, ""]
    arguments = [argument for argument in shown(entry.get("arguments", []))
                 if not {name["name"] for name in argument.get("names", [])} & {"help", "version"}]
    if arguments:
        out += ["| option | meaning |", "|---|---|"]
        out += [f"| `{spelling(argument)}` | {cell(meaning(argument))} |" for argument in arguments]
        out.append("")
    return out


def main():
    if sys.argv[1:2] == ["man"] and len(sys.argv) == 4:
        write_man(sys.argv[2], Path(sys.argv[3]))
    elif sys.argv[1:2] == ["markdown"] and len(sys.argv) == 3:
        sys.stdout.write(markdown(sys.argv[2]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
