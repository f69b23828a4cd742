#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the commands of Pebble print and how they end, recorded from the original and held against another.

    cli.py record --bin PEBBLE     writes cli.json beside this file
    cli.py replay --bin PEBBLE     prints what differs; exit 1 if anything does

Each step is one command line, run against a daemon of the same program in a directory of its own, in order. Times, ids of
the boot and paths are compared as placeholders, and blanks between columns as two. Of help only what is fact is kept: the
usage, the names of options and of commands; the sentences are everybody's own.
"""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))

LAYER = """
services:
  web:
    override: replace
    command: sleep 1000
    startup: enabled
  worker:
    override: replace
    command: sleep 1000
    requires: [web]
    after: [web]
  brief:
    override: replace
    command: sh -c 'echo it failed; exit 3'
    on-failure: ignore
  words:
    override: replace
    command: sh -c 'echo one; echo two; echo three; exec sleep 1000' [ rest ]
  missing:
    override: replace
    command: /nonexistent/program
checks:
  good:
    override: replace
    level: alive
    period: 1h
    exec: {command: 'true'}
  bad:
    override: replace
    period: 1h
    threshold: 1
    exec: {command: "sh -c 'echo broken; exit 1'"}
  idle:
    override: replace
    level: ready
    startup: disabled
    exec: {command: 'true'}
"""

EXTRA = "services:\n  more:\n    override: replace\n    command: sleep 1000\n"
WRONG = "services:\n  web:\n    override: nonsense\n    command: sleep 1\n"
PEOPLE = "identities:\n  bob:\n    access: read\n    local: {user-id: 4242}\n"
NOBODY = "identities:\n  bob: null\n"

COMMANDS = (
    "run help version plan services start stop restart replan signal exec logs add ls mkdir rm push pull changes tasks "
    "checks check health start-checks stop-checks notices notice notify okay warnings identities identity "
    "add-identities update-identities remove-identities enter autostart"
).split()

# Said before anybody is asked; the same without a daemon.
WORDS = """
nope|--nope|-v|--version|--version x|services --version|-- services|--client version|plan extra|services --nope
services -x|services --format|services --format xml|services --format=|services --form json|services --FORMAT json
services --abs-time=foo|services --format --abs-time|services --format=json a --nope|services --nope --help|start
start --no-wait|stop|restart|autostart -x|replan x|logs -n|logs -n abc|logs -n -1|logs -n --follow|logs -fn5|logs -fx
logs -f=1|logs --n 5|logs --format yaml|push|push a|push a b c|push -p|push -m abc /etc/hostname /x|pull|pull a|ls|ls -dl
ls -dx /|mkdir|mkdir -m 9z /x|mkdir -pm 755|mkdir --uid abc /x|mkdir --uid 99999999999999999999 /x|rm|rm -r|rm a b|exec
exec --|exec --env|exec -w|exec -w --env true|exec --uid abc true|exec --timeout abc true|exec --timeout 5 true
exec --timeout 5q true|exec -t -T true|exec -tT true|exec -i -I true|signal|signal hup|changes a b|tasks|tasks --last
tasks --last=|checks --level foo|checks --level=|check|check a b|start-checks|stop-checks|health --level
health --level foo|notices --timeout abc|notices --timeout=-|notices --uid abc|notices --uid=-5|notices --type|notices x
notice|notice 1 2 3|notice --uid x 1|notify|notify --repeat-after x k|notify example.com/a b|okay x|okay --warnings x
warnings --unicode|warnings --unicode=foo|warnings x|identity|identity a b|identities x|add-identities|add-identities x
update-identities|update-identities --replace|remove-identities x|add-identities --from /nonexistent|add|add x
add x /nonexistent|version x|version client|help nope|help services start|help services --all|help help --nope|help -x
run --nope|run extra|run -x|run -vv extra|run --hold --hold x|run --hold=true|run --http|enter nope|enter logs
enter exec|enter --nope exec|enter services --nope|enter ls|enter stop|enter stop web|enter -v exec true|enter exec -v true
""".replace("\n", "|").strip("|").split("|")

# With a daemon, in this order.
STEPS = """
version|version --client|version --format json|version --format yaml|version --client --format json|plan
services|services --format json|services --format yaml|services web nope|services nope|services --format json nope
start worker|start worker|start nope|start brief|start missing|start words|services words brief|stop nope|stop brief
logs|logs words|logs -n 1 words|logs -n1 --format json words|logs -n all words|logs -n 0 words|logs nope|logs -n= words
signal HUP nope|signal NOPE web|signal SIGCONT web|signal CONT web worker|signal HUP|stop worker|stop worker|restart worker
start --no-wait worker|restart --no-wait worker
add extra {DIR}/extra.yaml|add extra {DIR}/extra.yaml|add --combine extra {DIR}/extra.yaml|add wrong {DIR}/wrong.yaml
add ab {DIR}/extra.yaml|add pebble-x {DIR}/extra.yaml|add --inner --combine extra {DIR}/extra.yaml|replan|replan --no-wait
autostart|stop web worker words|services web worker words
changes nope|tasks 9999|tasks --last nope|tasks --last nope?|tasks --last=start --format json 3|tasks --last exec?
checks|checks good bad|checks nope|checks --level alive|checks --level ready|checks --format json good|checks --format yaml good
check good|check nope|check --refresh good|check --refresh bad|check --refresh idle|check --refresh --format json good
checks|health|health good|health bad|health nope|health --level alive|health --level ready|health --format json
health --format yaml|health bad --format json|start-checks idle|start-checks idle|start-checks nope|start-checks idle good
stop-checks idle good|stop-checks idle|stop-checks nope|checks
mkdir {DIR}/d|mkdir {DIR}/d|mkdir -p {DIR}/d/e/f|mkdir {DIR}/x/y|mkdir rel|mkdir -m 700 {DIR}/m|mkdir -m 7777 {DIR}/m2
mkdir --user nobody-there {DIR}/u|push {DIR}/extra.yaml {DIR}/d/file|push -m 600 {DIR}/extra.yaml {DIR}/d/file2
push {DIR}/nope {DIR}/d/x|push {DIR}/extra.yaml {DIR}/nope/x|push -p {DIR}/extra.yaml {DIR}/p/q/x|push {DIR}/extra.yaml rel
pull {DIR}/d/file {DIR}/pulled|pull {DIR}/nope {DIR}/pulled2|pull {DIR}/d {DIR}/pulled3|pull {DIR}/d/file {DIR}/nope/x
ls {DIR}/d|ls -d {DIR}/d|ls {DIR}/d/file|ls {DIR}/d/f*|ls {DIR}/d/nothing*|ls {DIR}/*/file|ls {DIR}/nope|ls rel|ls {DIR}/d/e
ls -l {DIR}/d|ls -ld {DIR}/d/e|ls --format json {DIR}/d/file|ls --format yaml {DIR}/d/f*
rm {DIR}/d/file|rm {DIR}/d/file|rm {DIR}/d|rm -r {DIR}/d|rm -r {DIR}/d|rm rel
exec true|exec false|exec -- sh -c 'exit 7'|exec echo hello|exec -- echo -n a b|exec sh -c 'echo err >&2; kill -9 $$'
exec nosuchprogram|exec -w /nonexistent true|exec -w /usr pwd|exec --env A=b sh -c 'echo $A'|exec --timeout 100ms sleep 10
exec --context nope true|exec --context web true|exec --user nobody-there true|exec --uid 1 true|exec cat
notices|notify example.com/a|notify example.com/a k=v x=y=z|notify example.com/b --repeat-after 1h|notify bad|notify a/b
notify example.com/c novalue|notify example.com/c =v|notices --type custom|notices --key example.com/a
notices --type custom --format json|notices --users all --type custom|notices --users foo|notices --users all --uid 1
notices --uid 0 --type custom|notices --type nope|notices --type custom --timeout 10ms --key example.com/none
notice custom example.com/a|notice 99999|notice nope example.com/a|notice custom example.com/none|notice --uid 0 99999
okay|okay|notices --type custom|warnings|warnings --all|warnings --format json|warnings --format yaml|okay --warnings
identities|identities --format json|identity bob|add-identities --from {DIR}/people.yaml|add-identities --from {DIR}/people.yaml
identities|identities --format json|identities --format yaml|identity bob|identity --format json bob
update-identities --from {DIR}/people.yaml|update-identities --replace --from {DIR}/people.yaml
remove-identities --from {DIR}/people.yaml|remove-identities --from {DIR}/nobody.yaml|remove-identities --from {DIR}/nobody.yaml
update-identities --replace --from {DIR}/nobody.yaml|add-identities --from {DIR}/wrong.yaml|identities
""".replace("\n", "|").strip("|").split("|")

# As somebody else, who may look but not touch.
OTHERS = "services web|plan|start web|exec true|ls /|notify example.com/a|health|changes nope|identities|stop-checks good"

# Daemons that do not come to be, each in a directory of its own.
STARTS = """
run --args|run --args nope|run --args nope a ; --args nope b ;|run --http foo|run --http :99999|run --https foo
run --identities /nonexistent|enter version|enter services|enter plan|enter help services|enter exec true
enter exec -- sh -c 'exit 5'|enter start nope|enter --run exec true
""".replace("\n", "|").strip("|").split("|")


def split(line):
    import shlex
    return [word.replace("\0", "") for word in shlex.split(line)]


def settle(text, directory):
    text = text.replace(directory, "{DIR}")
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "TIME", text)
    text = re.sub(r"(today|yesterday) at \d\d:\d\d UTC", "TIME", text)
    text = re.sub(r"\d{4}-\d\d-\d\d\b", "TIME", text)
    text = re.sub(r"\b\d+(\.\d+)?(ms|µs|us)\b", "DURATION", text)
    # Checks get the numbers of their changes in no order, and what had nothing to do is told by chance.
    text = re.sub(r"(change-id\"?: ?\")\d+", r"\1N", text)
    text = re.sub(r"(\d+/\d+ +)\d+", r"\1N", text)
    text = re.sub(r"^TIME INFO Service .* (already|never|had) .*\n", "", text, flags=re.M)
    # Whether a time in YAML is quoted is a matter of taste, and the order of keys says nothing.
    return re.sub(r" {2,}", "  ", text).replace('"TIME"', "TIME") if not text.startswith("{") else ordered(text)


def ordered(text):
    try:
        return "".join(json.dumps(json.loads(line), sort_keys=True) + "\n" for line in text.splitlines())
    except ValueError:
        return text


def facts_of_help(text):
    """The usage and the names of options, or of groups and commands."""
    if not text.startswith("Usage:\n"):
        rows = re.findall(r"^ +([A-Z]\w+)(?:: (.*)| \(.*\):)$|^    ([a-z-]+)  +.*$", text, re.M)
        return [" ".join(part for part in row if part) for row in rows]
    usage = text.split("\n")[1].strip()
    return [usage] + re.findall(r"^ {6,10}(-\S+(?:, --\S+)?)(?: .*)?$", text.partition("command options]")[2], re.M)


class Scene:
    def __init__(self, binary):
        self.binary = binary
        self.directory = tempfile.mkdtemp(prefix="pebble-cli-")
        os.chmod(self.directory, 0o755)
        self.pebble = f"{self.directory}/pebble"
        os.makedirs(f"{self.pebble}/layers")
        texts = {"pebble/layers/001-base.yaml": LAYER, "extra.yaml": EXTRA, "wrong.yaml": WRONG}
        texts |= {"people.yaml": PEOPLE, "nobody.yaml": NOBODY}
        for name, text in texts.items():
            with open(f"{self.directory}/{name}", "w") as file:
                file.write(text)

    def environment(self, pebble):
        return {"PATH": "/usr/bin:/bin", "HOME": self.directory, "LANG": "C.UTF-8", "TZ": "UTC", "PEBBLE": pebble}

    def run(self, line, pebble=None, user=None, keep=("stdout", "stderr"), seconds=20):
        words = [word.replace("{DIR}", self.directory) for word in split(line)]
        prefix = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
        environment = self.environment(pebble or self.pebble)
        if user:
            environment["HOME"] = "/nonexistent"
            environment["XDG_CONFIG_HOME"] = self.somebody
        process = subprocess.Popen(
            [*prefix, self.binary, *words], env=environment, cwd="/", stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            return {"exit": "goes on"}
        texts = {"stdout": out.decode("utf-8", "replace"), "stderr": err.decode("utf-8", "replace")}
        if texts["stdout"].lower().count("usage:"):
            return {"exit": process.returncode, "help": facts_of_help(texts["stdout"])}
        # The daemon's own log is another matter; why it did not start is not.
        texts["stderr"] = "".join(line for line in texts["stderr"].splitlines(True) if " [pebble] " not in line)
        if "--format yaml" in line:
            texts["stdout"] = "".join(sorted(line.replace("- ", "").lstrip() for line in texts["stdout"].splitlines(True)))
        found = {"exit": process.returncode}
        texts = {key: settle(text, self.directory) for key, text in texts.items() if key in keep}
        return found | {key: text for key, text in texts.items() if text}

    def play(self):
        found = {}

        def note(kind, line, result):
            number, name = 1, f"{kind}: {line}"
            while name in found:
                number += 1
                name = f"{kind}: {line} ({number})"
            found[name] = result

        empty = f"{self.directory}/none"
        for line in ["", "-h", "--help", "-h services", "help --all"] + [f"help {name}" for name in COMMANDS]:
            note("alone", line, self.run(line, empty))
        for name in ("services", "exec", "plan"):
            note("alone", f"{name} --help", self.run(f"{name} --help", empty))
            note("alone", f"{name} -h", self.run(f"{name} -h", empty))
        for line in WORDS:
            note("alone", line, self.run(line, empty))
        for line in ("services", "start web", "exec true", "version", "version --format json", "ls /", "logs", "notices"):
            note("nobody there", line, self.run(line, empty))
        for number, line in enumerate(STARTS):
            pebble = f"{self.directory}/start{number}"
            os.mkdir(pebble)
            note("start", line, self.run(line, pebble, seconds=8))
        for line in ("run", "enter version"):
            note("no directory", line, self.run(line, empty))
            note("relative", line, self.run(line, "rel"))
        self.with_daemon(note)
        return found

    def with_daemon(self, note):
        with open(f"{self.directory}/log", "wb") as log:
            daemon = subprocess.Popen(
                [self.binary, "run", "--hold"], env=self.environment(self.pebble), cwd="/", stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )
        try:
            deadline = time.monotonic() + 30
            while self.run("health good")["exit"] != 0:
                if daemon.poll() is not None or time.monotonic() > deadline:
                    with open(f"{self.directory}/log") as log:
                        raise SystemExit(f"the daemon does not answer: {log.read()}")
                time.sleep(0.05)
            for line in STEPS:
                # A change that nobody waits for is waited for here.
                note("daemon", line, self.run(line))
                if "--no-wait" in line:
                    while re.search(r"  Doing? .*  (Start|Restart|Replan)", self.run("changes").get("stdout", "")):
                        time.sleep(0.1)
            if os.geteuid() == 0:
                self.somebody = f"{self.directory}/somebody"
                os.mkdir(self.somebody)
                os.chmod(self.somebody, 0o777)
                for line in OTHERS.split("|"):
                    note("another user", line, self.run(line, user=65534))
            note("second daemon", "run", self.run("run"))
        finally:
            daemon.send_signal(signal.SIGTERM)
            try:
                note("daemon", "SIGTERM", {"exit": daemon.wait(30)})
            except subprocess.TimeoutExpired:
                daemon.kill()
                raise
            shutil.rmtree(self.directory, ignore_errors=True)


def differences(wanted, found, known):
    count = 0
    for name, want in wanted.items():
        got = found.get(name)
        if got is None and name.startswith("another user: "):
            continue
        if got == want or name in known:
            continue
        count += 1
        print(f"-- {name}")
        for key in sorted(set(want) | set(got or {})):
            if want.get(key) != (got or {}).get(key):
                print(f"   {key}\n      want {want.get(key)!r}\n      got  {(got or {}).get(key)!r}")
    return count


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("action", choices=("record", "replay"))
    options.add_argument("--bin", required=True)
    options.add_argument("--file", default=f"{HERE}/cli.json")
    options.add_argument("--known", default=f"{HERE}/cli-differences.json", help="what differs on purpose, with the reasons")
    given = options.parse_args()
    found = Scene(os.path.realpath(given.bin)).play()
    if given.action == "record":
        with open(given.file, "w") as file:
            json.dump(found, file, indent=1, ensure_ascii=False, sort_keys=False)
            file.write("\n")
        print(f"{len(found)} command lines recorded")
        return 0
    with open(given.file) as file:
        wanted = json.load(file)
    known = {}
    if os.path.exists(given.known):
        with open(given.known) as file:
            known = json.load(file)
    count = differences(wanted, found, known)
    print(f"{len(wanted)} command lines, {len(known)} that differ on purpose, {count} that differ otherwise")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
