# SPDX-License-Identifier: Apache-2.0
"""The page of all metrics, from the code that makes them; used by reference.py.

Each source is a file and how names stand in it; a source in which nothing is found any more is an error, and so is a metric
that a dashboard or a rule of the charm asks for and that is nowhere.
"""
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
TEXT = r'"((?:[^"\\]|\\.)*)"'
# A text may go on in the next line.
HELP = rf'{TEXT}(?:\s*\+\s*{TEXT})?'


def fail(text):
    sys.exit(f"metrics: {text}")


def code(path):
    return (ROOT / path).read_text()


def found(path, pattern, prefix="", kind=None, suffix=""):
    """What a pattern with the groups name, kind and help finds in a file: (name, type, help)."""
    matches = list(re.finditer(pattern, code(path)))
    if not matches:
        fail(f"{path} is written otherwise than this script reads it")
    for match in matches:
        groups = match.groupdict()
        told = re.sub(r'"\s*\+\s*"', "", groups["help"]).strip('"')
        name = prefix + groups["name"] + suffix
        yield name, groups.get("kind") or ("counter" if name.endswith("_total") else kind), told


def call(name, kind=False):
    """A call `name("…", .type, help: "…")` or `name("…", "…")`."""
    typed = r",\s*\.(?P<kind>\w+),\s*(?:help:\s*)?" if kind else r",\s*(?:\[:\],\s*)?"
    return rf'\b{name}\(\s*"(?P<name>\w+)"{typed}(?P<help>"(?:[^"\\]|\\.)*"(?:\s*\+\s*"(?:[^"\\]|\\.)*")*)'


def mapped():
    """What the mapping of the StatsD exporter makes of uWSGI's, nginx's and the operator's lines: (name, type, help, labels)."""
    for rule in yaml.safe_load(code("charm/statsd-mapping.yaml"))["mappings"]:
        if rule.get("action") == "drop" or "$" in rule["name"]:
            continue
        kind = rule.get("observer_type") or ("counter" if rule["name"].endswith("_total") else "gauge")
        yield rule["name"], kind, rule["help"], ", ".join(f"`{label}`" for label in rule.get("labels", {}))


def operator_gauges():
    """What the charm and its module in Indico's environment tell as gauges."""
    names = re.findall(r'"(\w+):[^"]*\|g', code("Sources/IndicoCharm/Application/OperatorReport.swift"))
    module = code("charm/workload/indico_telling.py").split("def tell_statistics", 1)[1]
    names += re.findall(r"'(\w+)': (?:users|events|size|connections|limit|memory)", module)
    told = code("charm/workload/indico_telling.py").split("def tell_operator", 1)[1].split("\ndef certificate_expiry", 1)[0]
    names += re.findall(r"""tell\(f["'](\w+):[^|]*\|g""", told)
    if len(names) < 14:
        fail("the gauges of the operator are written otherwise than this script reads them")
    return sorted(set(names))


def celery():
    naming = "Sources/CeleryExporter/State/MetricNaming.swift"
    yield from found(naming, r'case \.\w+:\s*\(?\s*\(?\s*"(?P<name>\w+)",\s*(?P<help>"[^"]*")\s*\)?', "celery_task_", "counter", "_total")
    for name, kind, told in found(naming, r'let help =\s*(?P<help>"[^"]*"(?:\s*\+ "[^"]*")*)\s*return metric\("(?P<name>\w+)", \.(?P<kind>\w+)', "celery_"):
        yield name, kind, told
    yield from found(naming, call("metric", kind=True), "celery_")
    yield from found("Sources/CeleryExporter/State/QueueFacts.swift", call(r"naming\.(?:queues|broker)"), "celery_", "gauge")
    for path in ("Sources/CeleryExporter/State/CeleryState.swift", "Sources/CeleryExporter/CeleryExporter.swift"):
        yield from found(path, call("MetricFamily", kind=True))


def statsd():
    path = "Sources/StatsDExporter/Series/OwnMetrics.swift"
    yield from found(path, call("counters?"), "statsd_exporter_", "counter")
    events = dict(re.findall(r'case (\w+) = "(\w+)"', code(path)))
    for event, told in re.findall(rf"socket\(\.(\w+), {TEXT}\)", code(path)):
        yield "statsd_exporter_" + events[event], "counter", told
    yield from found(path, call("MetricFamily", kind=True))
    yield from found("Sources/StatsDExporter/StatsDEngine.swift", call("family", kind=True), "statsd_metric_mapper_cache_")
    yield from found("Sources/StatsDExporter/Relay/Relay.swift", call("counter"), "statsd_exporter_relay_", "counter")


def agent():
    path = "Sources/OneMachine/Observability/OperatorMetrics.swift"
    yield from found(path, call("MetricFamily", kind=True))
    yield from found(path, call("gauge"), "host_", "gauge")


def pebble():
    yield from found("Sources/PebbleDaemon/Routes/MetricsRoutes.swift",
                     r'let \w+ = (?P<help>"[^"]*")\s*add\("(?P<name>\w+)", \w+, "(?P<kind>\w+)"')


def process():
    path = "Sources/MetricsServer/ProcessMetrics.swift"
    yield from found(path, r'let help = (?P<help>"[^"]*")\s*(?:let [^\n]*\s*)?(?:families\.append\(MetricFamily|gauge)\("(?P<name>\w+)"', kind="gauge")
    yield from found(path, call("gauge"), kind="gauge")


def asked():
    """Every metric of ours that a dashboard or a rule of the charm asks for."""
    texts = [path.read_text() for path in [*(ROOT / "charm").glob("grafana_dashboards/*.json"), *(ROOT / "charm").glob("prometheus_alert_rules/*")]]
    names = set(re.findall(r"(?<![:\w])((?:uwsgi|celery|statsd_exporter|indico_operator|operator|host|pebble)_[a-z0-9_]+)", " ".join(texts)))
    # Of a histogram a query names the parts; a file's name or a label is no metric.
    return {re.sub(r"_(bucket|sum|count)$", "", name) if re.sub(r"_(bucket|sum|count)$", "", name) in ALL else name for name in names}


ALL = {}


def page():
    parts = [
        ("uWSGI, nginx and the operator, on 9102", [*mapped()]),
        ("The operator's gauges, on 9102", [(f"indico_operator_{name}", "gauge", "What the charm found at its last event.", "") for name in operator_gauges()]),
        ("Celery, on 9808", [(*one, "") for one in celery()]),
        ("The StatsD exporter's own, on 9102", [(*one, "") for one in statsd()]),
        ("The unit agent of one machine, on 9180", [(*one, "") for one in agent()]),
        ("Pebble, at `/v1/metrics`, and with the label `container` on 9180", [(*one, "") for one in pebble()]),
        ("Each exporter's process", [(*one, "") for one in process()]),
    ]
    out = "# All metrics\n\nBy name, type and the exporter's own words. [Metrics](metrics.md) tells what they are good for, their labels, and what\nthe exporters do.\n"
    for title, rows in parts:
        out += f"\n## {title}\n\n| metric | type | what |\n|---|---|---|\n"
        seen = set()
        for name, kind, told, labels in rows:
            if name in seen:
                continue
            seen.add(name)
            ALL[name] = kind
            by = f" By {labels}." if labels else ""
            out += f"| `{name}` | {kind} | {told.rstrip('.')}.{by} |\n"
    unknown = {name for name in asked() if name not in ALL}
    if unknown:
        fail(f"a dashboard or a rule asks for what no exporter of ours tells: {', '.join(sorted(unknown))}")
    return out
