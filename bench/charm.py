#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what an event costs a charm: calls of hook tools, time, processor time, memory.

    bench/charm.py [--rounds 10] [--delays 0,1,20]       what `make bench-charm` runs

Our charms beside charms on `ops` from PyPI with the same handlers, in one run, taking turns. The agent is this script:
it answers from one canned world, so that every charm is told the same, and adds the given delay to each call. The
events change nothing: each charm has had them before. No container is reachable, which spares the ones that would talk
to Pebble and is the same for all.

Wall and processor time are medians, with the least in parentheses, which a busy machine disturbs least; memory is the
largest process of the dispatch. Processor time is user and system, with that of the hook tools (static C, less than a
millisecond each, as when the existing charm was recorded) and without that of the agent.

What is beside ours: `ops` is bench/ops-charms, charms of ours that read what ours read and decide as much, with nothing but
`ops`: less than any charm of that size does, so a floor. "The existing charm, recorded" is Canonical's indico charm itself
(ops 2.23.6, pydantic, cosl and ten libraries), measured once, quiet, on the same kind of machine with the same tools, its
agent answering from the same kind of world (leader, no container reachable, none or eight relations). It is not run here:
it does not come from PyPI. The last table holds ours against it, and against `ops` with its state in the controller, where
the existing charm has it, in the same run: that column does not depend on how fast the machine was then and is now.
"""
import argparse
import json
import os
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".build" / "bench-charm"
RELEASE = ROOT / ".build" / "release"
OPS = ROOT / "bench" / "ops-charms"

# The existing charm, recorded (see above): calls, CPU in ms, peak in MiB.
RECORDED = {
    ("unrelated", "config-changed"): (45, 226, 55.0), ("unrelated", "update-status"): (39, 194, 38.5),
    ("unrelated", "leader-elected"): (44, 218, 55.1), ("related", "config-changed"): (65, 233, 55.1),
    ("related", "update-status"): (51, 198, 38.5), ("related", "leader-elected"): (56, 231, 55.1),
}
EVENTS = ["config-changed", "update-status", "leader-elected"]


def prepare():
    """The interpreter with ops, the launcher, and a hook tool that costs next to nothing; made once."""
    WORK.mkdir(parents=True, exist_ok=True)
    python = WORK / "venv" / "bin" / "python"
    wanted = (OPS / "requirements.txt").read_text()
    stamp = WORK / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", WORK / "venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r",
                        OPS / "requirements.txt"], check=True)
        stamp.write_text(wanted)
    for name in ("launch", "tool"):
        program, source = WORK / name, ROOT / "bench" / f"{name}.c"
        if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
            compiler = shutil.which("clang") or shutil.which("cc")
            subprocess.run([compiler, "-O2", "-static", "-o", program, source], check=True)
    launcher = WORK / "launch"
    missing = [name for name in ("indico-charm", "hello-charm") if not (RELEASE / name).exists()]
    if missing:
        sys.exit(f"build first: scripts/build-release.sh {missing[0]}")
    return python, launcher


class Relation:
    def __init__(self, endpoint, number, app, units=None, peer=False, **data):
        self.endpoint, self.number, self.app, self.peer = endpoint, number, app, peer
        self.bags = {app: data, **{f"{app}/{n}": dict(bag) for n, bag in (units or {}).items()}}

    @property
    def id(self):
        return f"{self.endpoint}:{self.number}"


class Refusal(Exception):
    def __init__(self, message, code=1):
        super().__init__(message)
        self.code = code


class Agent:
    """Answers hook tools from one world, as an agent does in a dispatch that is committed."""

    def __init__(self, path, app, config, relations, delay):
        self.app, self.config, self.relations, self.delay = app, config, relations, delay
        self.unit, self.state, self.ports, self.secrets, self.calls = f"{app}/0", {}, set(), {}, []
        self.lock = threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            while head := stream.read(4):
                fields = [stream.read(struct.unpack(">I", stream.read(4))[0])
                          for _ in range(struct.unpack(">I", head)[0])]
                tool, flag, stdin = fields[3].decode(), fields[4], fields[5]
                arguments = [field.decode() for field in fields[6:]]
                with self.lock:
                    self.calls.append(tool)
                    if self.delay:
                        time.sleep(self.delay)
                    try:
                        code, out, err = 0, self.answer(tool, arguments, stdin.decode() if flag == b"1" else ""), ""
                    except Refusal as refusal:
                        code, out, err = refusal.code, "", f"ERROR {refusal}\n"
                parts = [str(code).encode(), out.encode(), err.encode()]
                connection.sendall(struct.pack(">I", 3) + b"".join(struct.pack(">I", len(p)) + p for p in parts))

    def answer(self, tool, arguments, stdin):
        flags, words = self.parse(arguments)
        method = getattr(self, tool.replace("-", "_"), None)
        if method is None:
            return ""
        value = method(flags, words, stdin)
        return value if isinstance(value, str) else json.dumps(value) + "\n"

    @staticmethod
    def parse(arguments):
        switches = {"--app", "--refresh", "--peek", "--include-data"}
        flags, words, rest = {}, [], list(arguments)
        while rest:
            word = rest.pop(0)
            if word == "--":
                return flags, words + rest
            if not word.startswith("-") or word == "-":
                words.append(word)
            elif "=" in word:
                name, value = word.split("=", 1)
                flags[name] = value
            else:
                flags[word] = "true" if word in switches else rest.pop(0)
        return flags, words

    def relation(self, flags):
        number = flags.get("-r", flags.get("--relation", "")).rsplit(":", 1)[-1]
        found = [relation for relation in self.relations if str(relation.number) == number]
        if not found:
            raise Refusal("invalid value for option -r: relation not found", 2)
        return found[0]

    def config_get(self, flags, words, stdin): return self.config
    def is_leader(self, flags, words, stdin): return True
    def juju_log(self, flags, words, stdin): return ""
    def status_set(self, flags, words, stdin): return ""
    def opened_ports(self, flags, words, stdin): return sorted(self.ports)
    def goal_state(self, flags, words, stdin): return {"units": {self.unit: {"status": "active"}}, "relations": {}}

    def network_get(self, flags, words, stdin):
        entry = {"hostname": "", "value": "10.1.2.3", "cidr": "10.1.2.0/24", "address": "10.1.2.3"}
        return {"bind-addresses": [{"mac-address": "", "interface-name": "eth0", "addresses": [entry]}],
                "egress-subnets": ["10.1.2.3/32"], "ingress-addresses": ["10.1.2.3"]}

    def open_port(self, flags, words, stdin):
        self.ports.update(words)
        return ""

    def relation_ids(self, flags, words, stdin):
        return [relation.id for relation in self.relations if relation.endpoint == words[0]]

    def relation_list(self, flags, words, stdin):
        relation = self.relation(flags)
        if "--app" in flags:
            return relation.app
        return [name for name in relation.bags if "/" in name and name != self.unit and
                name.split("/")[0] == relation.app]

    def relation_get(self, flags, words, stdin):
        return self.relation(flags).bags.setdefault(words[1], {})

    def relation_set(self, flags, words, stdin):
        import yaml
        bag = self.relation(flags).bags.setdefault(self.app if "--app" in flags else self.unit, {})
        bag.update(yaml.safe_load(stdin) or {} if "--file" in flags else dict(w.split("=", 1) for w in words))
        return ""

    def state_get(self, flags, words, stdin):
        if "--format" in flags:
            return self.state
        return self.state.get(words[0], "") + "\n"

    def state_set(self, flags, words, stdin):
        import yaml
        self.state.update(yaml.safe_load(stdin))
        return ""

    def state_delete(self, flags, words, stdin):
        self.state.pop(words[0], None)
        return ""

    def secret_add(self, flags, words, stdin):
        id = f"secret:added{len(self.secrets):015d}"
        self.secrets[id] = {key.split("#")[0]: Path(value).read_text() if key.endswith("#file") else value
                            for key, value in (word.split("=", 1) for word in words)}
        return id + "\n"

    def secret_get(self, flags, words, stdin):
        id = words[0] if words else ""
        id = "secret:" + id.split("/")[-1].removeprefix("secret:")
        if id not in self.secrets:
            raise Refusal(f'secret "{id}" not found')
        return self.secrets[id]


def relations_of(app, world):
    if app == "hello":
        related = [Relation("database", 1, "postgresql", {0: {}}, endpoints="10.0.0.1:5432", database="hello")]
        return [Relation("friends", 9, "hello", peer=True)] + (related if world == "related" else [])
    if world == "unrelated":
        return []
    return [
        Relation("database", 1, "postgresql-k8s", {0: {}}, endpoints="10.0.0.1:5432", database="indico",
                 version="15.1", **{"secret-user": "secret:dbuser00000000000000"}),
        Relation("redis-broker", 2, "redis-broker", {0: {"hostname": "10.0.0.2", "port": "6379"}}),
        Relation("redis-cache", 3, "redis-cache", {0: {"hostname": "10.0.0.3", "port": "6379"}}),
        Relation("smtp", 4, "smtp-integrator", {0: {}}, host="mail.example.com", port="587", auth_type="plain",
                 transport_security="starttls", user="mailer", password_id="secret:mail0000000000000000"),
        Relation("nginx-route", 5, "nginx-ingress-integrator", {0: {}}),
        Relation("metrics-endpoint", 6, "prometheus", {0: {}}),
        Relation("logging", 7, "loki", {0: {}}),
        Relation("grafana-dashboard", 8, "grafana", {0: {}}),
        Relation("indico-peers", 9, "indico", peer=True),
    ]


CONFIG = {"hello": {"greeting": "hello", "port": 8080},
          "indico": {"site_url": "http://indico.example.com", "workers": 3, "celery_workers": 2}}


class Charm:
    """A charm unpacked in a directory of its own, with its own agent and world."""

    def __init__(self, label, app, program, world, delay, directory, native=False, **extra):
        self.label, self.app, self.world, self.extra = label, app, world, extra
        self.directory = directory
        charm = directory / "charm"
        self.tools = directory / "tools"
        self.tools.mkdir(parents=True)
        source = ROOT / ("Examples/hello-charm/charm" if app == "hello" else "charm")
        shutil.copytree(source, charm)
        if app == "indico":
            split(charm)
        self.program = program(charm)
        for name in TOOLS:
            (self.tools / name).symlink_to(WORK / "tool")
        self.agent = Agent(directory / "s", app, CONFIG[app], relations_of(app, world), delay / 1000)
        self.agent.secrets = {"secret:dbuser00000000000000": {"username": "u", "password": "p"},
                              "secret:mail0000000000000000": {"password": "m"}}
        self.native = native

    def dispatch(self, event, launcher):
        environment = {
            "PATH": f"{self.tools}:/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "dumb",
            "JUJU_DISPATCH_PATH": f"hooks/{event}", "JUJU_HOOK_NAME": event, "JUJU_CONTEXT_ID": "c",
            "JUJU_AGENT_SOCKET_ADDRESS": str(self.directory / "s"), "JUJU_AGENT_SOCKET_NETWORK": "unix",
            "JUJU_CHARM_DIR": str(self.directory / "charm"), "JUJU_UNIT_NAME": f"{self.app}/0",
            "JUJU_MODEL_NAME": "m", "JUJU_MODEL_UUID": "f3a1b2c4-5d6e-4f70-8a91-b2c3d4e5f607",
            "JUJU_VERSION": "3.6.9", **self.extra,
        }
        if self.native:
            environment["JUJU_HOOK_TOOLS_NATIVE"] = "1"
        report, output = self.directory / "report", self.directory / "output"
        self.agent.calls.clear()
        subprocess.run([launcher, report, output, *map(str, self.program)], env=environment,
                       cwd=self.directory / "charm", check=True)
        wall, user, system, peak, code = report.read_text().split()
        if code != "0":
            sys.exit(f"{self.label} failed at {event} ({code}):\n{output.read_text()}")
        return len(self.agent.calls), float(wall), float(user) + float(system), int(peak) / 1024


TOOLS = """action-fail action-get action-log action-set application-version-set close-port config-get goal-state
is-leader juju-log network-get open-port opened-ports relation-get relation-ids relation-list relation-set resource-get
secret-add secret-get secret-grant secret-ids secret-info-get secret-remove secret-revoke secret-set state-delete
state-get state-set status-get status-set storage-get storage-list""".split()


def split(charm):
    """Puts what `charmcraft pack` would make of charmcraft.yaml beside it."""
    import yaml
    whole = yaml.safe_load((charm / "charmcraft.yaml").read_text())
    (charm / "config.yaml").write_text(yaml.safe_dump(whole.pop("config")))
    (charm / "actions.yaml").write_text(yaml.safe_dump(whole.pop("actions")))
    (charm / "metadata.yaml").write_text(yaml.safe_dump(whole))


def arms(python, app):
    name = "indico-charm" if app == "indico" else "hello-charm"
    ours = lambda charm: [RELEASE / name]
    theirs = lambda charm: [python, OPS / app / "charm.py"]
    return [
        (f"{name}, executables", ours, {}),
        (f"{name}, one connection", ours, {"native": True}),
        ("ops, state in a file", theirs, {}),
        ("ops, state in the controller", theirs, {"STATE_IN_CONTROLLER": "1"}),
    ]


def measure(app, world, delay, options, python, launcher, base):
    charms = []
    for index, (label, program, extra) in enumerate(arms(python, app)):
        directory = Path(tempfile.mkdtemp(dir=base))
        charms.append(Charm(label, app, program, world, delay, directory, **extra))
    results = {}
    rounds = options.rounds if delay == 0 else max(3, options.rounds // 3)
    for event in EVENTS:
        for charm in charms:
            charm.dispatch(event, launcher)
        for _ in range(rounds):
            for charm in charms:
                results.setdefault((event, charm.label), []).append(charm.dispatch(event, launcher))
    return results


def spread(values):
    return f"{statistics.median(values):.1f} ({min(values):.1f})"


def table(app, world, delays, all_results):
    print(f"\n### {app}, {world}\n")
    head = ["event", "charm", "calls"] + [f"wall +{delay:g} ms" for delay in delays] + ["CPU ms", "peak MiB"]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for (event, label), runs in all_results[delays[0]].items():
        calls = {run[0] for results in all_results.values() for run in results[(event, label)]}
        walls = [spread([run[1] for run in all_results[delay][(event, label)]]) for delay in delays]
        cpu = spread([run[2] for run in runs])
        peak = max(run[3] for run in runs)
        cells = [event, label, "/".join(map(str, sorted(calls)))] + walls
        print("| " + " | ".join(cells + [cpu, f"{peak:.1f}"]) + " |", flush=True)
    if app == "indico":
        for event in EVENTS:
            calls, cpu, peak = RECORDED[(world, event)]
            print(f"| {event} | the existing charm, recorded | {calls} |" + " |" * len(delays) + f" {cpu} | {peak} |")
        shares(world, delays, all_results)


LIMITS = {"calls": 25, "processor": 5, "memory": 20}


def shares(world, delays, all_results):
    """What ours take of what the existing charm took, in hundredths, against what was set as the limit."""
    print(f"\n| {world}: of the existing charm | " + " | ".join(f"{name} (limit {most} %)" for name, most in LIMITS.items())
          + " | processor, of ops in this run |\n|---|---|---|---|---|")
    for (event, label), runs in all_results[delays[0]].items():
        if label.startswith("ops"):
            continue
        ours = (max(run[0] for run in runs), statistics.median(run[2] for run in runs), max(run[3] for run in runs))
        parts = [100 * mine / theirs for mine, theirs in zip(ours, RECORDED[(world, event)])]
        cells = [f"{part:.1f} %{'' if part <= most else ' (over)'}" for part, most in zip(parts, LIMITS.values())]
        floor = statistics.median(run[2] for run in all_results[delays[0]][(event, "ops, state in the controller")])
        cells.append(f"{100 * ours[1] / floor:.1f} %")
        print(f"| {event}, {label.split(', ')[1]} | " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--delays", default="0,1,20", help="milliseconds added to each call")
    parser.add_argument("--only", help="one table, such as indico/related")
    options = parser.parse_args()
    python, launcher = prepare()
    if Path(sys.prefix).resolve() != (WORK / "venv").resolve():
        # The agent reads YAML, which comes with ops.
        os.execv(python, [str(python), *sys.argv])
    delays = [float(delay) for delay in options.delays.split(",")]
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, "
          f"Python {sys.version.split()[0]}, {(OPS / 'requirements.txt').read_text().split()[-1]}, "
          f"medians of {options.rounds}")
    with tempfile.TemporaryDirectory(prefix="bench-charm-") as base:
        for app in ("indico", "hello"):
            for world in ("unrelated", "related"):
                if options.only not in (None, f"{app}/{world}"):
                    continue
                results = {delay: measure(app, world, delay, options, python, launcher, base) for delay in delays}
                table(app, world, delays, results)


if __name__ == "__main__":
    main()
