#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the pages of docs/reference that come from the code: options, actions and integrations from
charm/charmcraft.yaml, events and metrics from the code, alert rules from charm/prometheus_alert_rules, the command line from
the program itself.

    scripts/reference.py           writes them
    scripts/reference.py --check   fails where one is not what would be written

Run by scripts/docs.sh, which brings PyYAML. PROGRAM is indico-operator as built, of .build/debug unless it says otherwise;
without it the page of the command line is left as it is.
"""
import os
import subprocess
import sys
from pathlib import Path

import yaml

import events_page
import metrics_page

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs/reference"
NOTE = "<!-- Written by scripts/reference.py from {}: change that. -->\n\n"


def flat(text):
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;")


def default(option):
    value = option.get("default", "")
    return "–" if value == "" else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def options(charm):
    out = "# Options\n\nSet with `indico-operator config NAME=VALUE` on one machine, `juju config indico NAME=VALUE` on Juju. "
    out += "[What each change costs](charm.md#options) is told with the charm.\n\n| option | type | default | what |\n|---|---|---|---|\n"
    for name, option in charm["config"]["options"].items():
        out += f"| `{name}` | {option['type']} | {default(option)} | {flat(option['description'])} |\n"
    return out


def actions(charm):
    out = "# Actions\n\nRun with `indico-operator run NAME PARAMETER=VALUE` on one machine, "
    out += "`juju run indico/leader NAME PARAMETER=VALUE` on Juju. [What they answer](charm.md#actions) is told with the charm.\n"
    for name, action in charm["actions"].items():
        out += f"\n## {name}\n\n{flat(action['description'])}\n"
        if action.get("params"):
            out += "\n| parameter | type | required | what |\n|---|---|---|---|\n"
            for parameter, told in action["params"].items():
                required = "yes" if parameter in action.get("required", []) else "no"
                out += f"| `{parameter}` | {told.get('type', 'any')} | {required} | {flat(told.get('description', ''))} |\n"
    return out


def integrations(charm):
    out = "# Integrations\n\n[What each is for](charm.md#endpoints) is told with the charm.\n"
    for kind, title in (("requires", "Taken from other charms"), ("provides", "Given to other charms"), ("peers", "Among the units")):
        out += f"\n## {title}\n\n| endpoint | interface | at most | optional |\n|---|---|---|---|\n"
        for name, endpoint in charm[kind].items():
            optional = "yes" if endpoint.get("optional") else "no"
            out += f"| `{name}` | `{endpoint['interface']}` | {endpoint.get('limit', '–')} | {optional if kind != 'peers' else '–'} |\n"
    out += "\n## Containers, images and storage\n\n| container | resource | what |\n|---|---|---|\n"
    for name, container in charm["containers"].items():
        out += f"| `{name}` | `{container['resource']}` | {flat(charm['resources'][container['resource']]['description'])} |\n"
    if charm.get("storage"):
        out += "\n| storage | type | what |\n|---|---|---|\n"
        for name, storage in charm["storage"].items():
            out += f"| `{name}` | {storage['type']} | {flat(storage.get('description', ''))} |\n"
    return out


def alert_rules():
    out = "# Alert rules\n\nWhat the charm hands to Prometheus. [What to do when one fires](../how-to/alerts.md) has a section for each.\n"
    for path in sorted((ROOT / "charm/prometheus_alert_rules").glob("*.y*ml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            rules = [rule for rule in group["rules"] if "alert" in rule]
            if not rules:
                continue
            out += f"\n## {group['name']}\n\n| alert | for | severity | what |\n|---|---|---|---|\n"
            for rule in rules:
                notes = rule.get("annotations", {})
                what = notes.get("summary") or notes.get("description", "")
                out += f"| `{rule['alert']}` | {rule.get('for', '–')} | {rule.get('labels', {}).get('severity', '–')} | {flat(what)} |\n"
    return out


def pages():
    charm = yaml.safe_load((ROOT / "charm/charmcraft.yaml").read_text())
    for name, text in (("options", options(charm)), ("actions", actions(charm)), ("integrations", integrations(charm))):
        yield name, NOTE.format("charm/charmcraft.yaml") + text
    yield "events", NOTE.format("Sources/HookProtocol, Sources/IndicoCharm and charm/charmcraft.yaml") + events_page.page(charm)
    yield "all-metrics", NOTE.format("the code of the exporters and charm/statsd-mapping.yaml") + metrics_page.page()
    yield "alert-rules", NOTE.format("charm/prometheus_alert_rules") + alert_rules()
    program = Path(os.environ.get("PROGRAM", ROOT / ".build/debug/indico-operator"))
    if program.is_file():
        told = subprocess.run([ROOT / "scripts/command_pages.py", "markdown", program], check=True, text=True, stdout=subprocess.PIPE)
        yield "indico-operator", NOTE.format("what `indico-operator` tells of itself") + told.stdout
    else:
        print(f"reference: {program} is not built; the page of the command line is not looked at")


def main():
    stale = []
    for name, text in pages():
        path = REFERENCE / f"{name}.md"
        if path.exists() and path.read_text() == text:
            continue
        if "--check" in sys.argv[1:]:
            stale.append(str(path.relative_to(ROOT)))
        else:
            path.write_text(text)
            print(f"reference: wrote {path.relative_to(ROOT)}")
    if stale:
        sys.exit(f"reference: not what the code says any more: {', '.join(stale)}; run scripts/docs.sh --write")
    print("reference: options, actions, integrations, events, metrics, alert rules and the command line are what the code says")


if __name__ == "__main__":
    main()
