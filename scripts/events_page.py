# SPDX-License-Identifier: Apache-2.0
"""The page of events, from the code: HookEvent, the charm's observers and its metadata; used by reference.py."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EVENTS = ROOT / "Sources/HookProtocol/Hooks/HookEvent.swift"
CHARM = ROOT / "Sources/IndicoCharm/Charm"
# Of what each kind is, by the beginning of its case; the rest are of the unit.
SUBJECTS = {"relation": "endpoint", "storage": "storage", "pebble": "container", "action": "action"}
# What is most often different at an event, so that a reader knows why it matters; whatever it is, all of it is looked at.
MATTERS = {
    "install": "nothing is there yet: what is related asks for its database, the rest waits",
    "start": "as at any other event: a pod that came back is set up again",
    "configChanged": "[options](options.md); a changed address of the unit",
    "updateStatus": "whatever no event told: a check, a database that is back",
    "upgradeCharm": "what this version of the charm renders otherwise; the version of Indico is told anew",
    "leaderElected": "the leader makes the secret key, once, elects the unit for Celery, asks for the database",
    "leaderSettingsChanged": "another unit leads now",
    "relationCreated": "the leader asks for what the other side is to give",
    "relationJoined": "the other side has a unit",
    "relationChanged": "addresses, names and passwords the other side gives; of the peers: Celery's unit, the key, a pause",
    "relationDeparted": "of the peers: when Celery's unit left, the leader takes it over or gives it to another",
    "relationBroken": "a required one: `blocked`, and the site goes on as it was; any other: its settings go",
    "storageAttached": "a place for attachments or backups is there",
    "storageDetaching": "such a place goes",
    "pebbleReady": "that container has nothing yet: its files, its layer, its services",
    "pebbleCustomNotice": "nothing of its own",
    "pebbleCheckFailed": "the status names the check",
    "pebbleCheckRecovered": "the status names it no longer",
    "secretChanged": "a password the other side changed",
    "secretRotate": "nothing of its own: the charm sets no time for its key",
    "secretExpired": "nothing of its own",
    "secretRemove": "nothing of its own",
    "preSeriesUpgrade": "nothing of its own",
    "postSeriesUpgrade": "nothing of its own",
    "collectMetrics": "nothing of its own",
    "meterStatusChanged": "nothing of its own",
}


def fail(text):
    sys.exit(f"events: {text}")


def kebab(case):
    return re.sub(r"(?<!^)([A-Z])", r"-\1", case).lower()


def cases():
    """Every event there is: the case's name and what the code says of it."""
    body = EVENTS.read_text().split("public enum HookEvent", 1)[1].split("\n}\n", 1)[0]
    found = re.findall(r"    /// (.*)\n    case (\w+)", body)
    if len(found) < 20:
        fail(f"{EVENTS.name} is written otherwise than this script reads it")
    return [(case, text) for text, case in found if case != "unknown"]


def observed():
    """The actions that have a handler, and the hooks at which the charm leaves everything as it is."""
    text = "".join(path.read_text() for path in sorted(CHARM.glob("IndicoCharm*.swift")))
    if "observers.on(.anyHook, reconcile)" not in text:
        fail("the charm does not look at everything at any hook any more: say on the page what it does")
    left = re.search(r"switch event\.hook \{\n\s+case ((?:\.\w+\??(?:, )?)+): return", text)
    if not left:
        fail("the hooks at which the charm does nothing are written otherwise than this script reads them")
    return set(re.findall(r'observers\.on\(\.action\("([\w-]+)"\)', text)), re.findall(r"\.(\w+)\??", left.group(1))


def spelled(case):
    """An event as Juju calls it, with the name it is about in capitals."""
    for word, subject in SUBJECTS.items():
        if case.startswith(word):
            return subject.upper() if case == "action" else f"{subject.upper()}-{kebab(case)}"
    return kebab(case)


def page(charm):
    handled, left = observed()
    if handled != set(charm["actions"]):
        fail(f"no handler, or no such action: {', '.join(sorted(handled ^ set(charm['actions'])))}")
    out = "# Events\n\nWhich events there are, and what the charm does at each. Whatever comes, the charm looks at all that matters, decides what\n"
    out += "should be and does what differs ([why](../explanation/architecture.md#why-the-charm-looks-at-everything-each-time)): an event that\n"
    out += "is lost, comes twice or comes late changes nothing. An event of a name that is not here is looked at the same way.\n\n"
    out += "| event | when | what is most often different then |\n|---|---|---|\n"
    known = [case for case, _ in cases()]
    if set(MATTERS) | set(left) | {"action"} != set(known):
        fail(f"MATTERS does not name the events of {EVENTS.name}: {', '.join(sorted((set(MATTERS) | set(left) | {'action'}) ^ set(known)))}")
    for case, text in cases():
        matters = MATTERS.get(case, "what [the action](actions.md) says is done, and nothing else")
        if case in left:
            matters = "**nothing is done**: what serves goes on until its container ends"
        out += f"| `{spelled(case)}` | {text.rstrip('.')} | {matters} |\n"
    out += "\n## Of relations\n\nEach endpoint has `-relation-created`, `-relation-joined`, `-relation-changed`, `-relation-departed` and\n"
    out += "`-relation-broken`, that of the peers all but the last. [What each is for](charm.md#endpoints) is told with the charm.\n\n"
    for kind, title in (("peers", "Among the units"), ("requires", "Taken"), ("provides", "Given")):
        out += f"* {title}: " + ", ".join(f"`{name}`" for name in charm[kind]) + "\n"
    out += "\n## Of containers\n\n"
    for name in charm["containers"]:
        out += f"* `{name}`: " + ", ".join(f"`{name}-{kebab(case)}`" for case in known if case.startswith("pebble")) + "\n"
    out += "\n## Of storage\n\n"
    for name in charm.get("storage", {}):
        out += f"* `{name}`: " + ", ".join(f"`{name}-{kebab(case)}`" for case in known if case.startswith("storage")) + "\n"
    return out + "\n## Of actions\n\n" + ", ".join(f"[`{name}`](actions.md#{name})" for name in charm["actions"]) + ".\n"
