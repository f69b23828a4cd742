#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds our statsd-exporter against another one: the same mapping files and drawn packets, then both pages side by side.

    scripts/statsd-compare.py PEER                    200 drawn packets for each of the mapping files below
    scripts/statsd-compare.py PEER --seed N --packets N

Compared are all exported series and the exporter's own `statsd_exporter_*` and `statsd_metric_mapper_*`. What is known
to differ on purpose is named below with the reason, counted, and shown with --verbose. Exit code 1 when anything else
differs.
"""
import argparse
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

MAPPINGS = {
    'none': '',
    'globs': '''
mappings:
- {match: "app.*.hits", name: "hits_${1}", labels: {page: "$1"}}
- {match: "app.*.*", name: "app_two", labels: {aa: "$1", bb: "$2"}}
- {match: "drop.*", name: dropped, action: drop}
- {match: "*.*.*.*", name: four, labels: {first: "$1", last: "$4"}}
- {match: "scaled.*", name: scaled, scale: 0.25}
- {match: "gauge.*", name: only_gauges, match_metric_type: gauge}
''',
    'regex': '''
defaults: {observer_type: histogram, histogram_options: {buckets: [0.01, 0.1, 1, 10]}}
mappings:
- {match: 'app\\.([a-z]+)\\.(.*)', match_type: regex, name: "re_${1}", labels: {rest: "$2"}}
- {match: '^(gauge|scaled)\\.', match_type: regex, name: "kind_$1"}
- {match: "drop.*", name: kept, help: "Kept here."}
''',
    'summaries': '''
defaults: {observer_type: summary, summary_options: {quantiles: [{quantile: 0.5, error: 0.01}, {quantile: 1, error: 0}]}}
mappings:
- {match: "app.*.time", name: app_time, observer_type: histogram, histogram_options: {buckets: [0.1, 5]}}
- {match: "app.*.*", name: "app_$2", labels: {page: $1, job: taken}, honor_labels: true}
''',
    'unordered': '''
defaults: {glob_disable_ordering: true}
mappings:
- {match: "app.*.*", name: stars, labels: {xx: "${1}_${2}"}}
- {match: "app.a.*", name: literal, labels: {xx: "$1"}}
- {match: "app.*.hits", name: literal_end}
''',
}

# name of a series -> why ours is another
ON_PURPOSE = [
    (r'^(go|promhttp|process)_', 'about the process itself, not about StatsD'),
    (r'^statsd_exporter_build_info', 'another program'),
    (r'^statsd_exporter_event_queue_flushed_total', 'there is no queue'),
    (r'^statsd_metric_mapper_cache_', 'the cache holds decisions about names with tags, not about names'),
    (r'^statsd_exporter_events_(actions|unmapped)_total', 'the original counts events that come to nothing as well'),
    (r'^statsd_exporter_metrics_total', 'the original counts each set of label names of a family'),
    (r'^statsd_exporter_udp_packet_drops_total', 'the original counts its queue, ours the kernel'),
]


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def drawn_packets(seed, count):
    """Packets as applications and the careless send them, in all dialects, some of them broken."""
    draw = random.Random(seed)
    words = ['a', 'b', 'hits', 'time', 'x-y', 'Zürich', '9lives', 'under_score']
    names = ['app.a.hits', 'app.b.time', 'app.a.b', 'drop.me', 'scaled.up', 'gauge.level', 'one.two.three.four', 'plain']
    values = ['1', '0', '2.5', '-3', '+4', '1e3', '0.001', '', 'x', '1:2:3', '12345678901234567890', '.5']
    types = ['c', 'g', 'ms', 'h', 'd', 's', 'x', '']
    rates = ['', '', '', '', '|@0.5', '|@0.1', '|@1', '|@0', '|@x', '|@2']

    def tags():
        style = draw.randrange(9)
        pairs = [(draw.choice(['page', 'job', 'a.b', 'é', '1x']), draw.choice(words + [''])) for _ in range(draw.randint(1, 3))]
        if style == 0:
            return '', '|#' + ','.join(f'{k}:{v}' for k, v in pairs)
        if style == 1:
            return ',' + ','.join(f'{k}={v}' for k, v in pairs), ''
        if style == 2:
            return '#' + ','.join(f'{k}={v}' for k, v in pairs), ''
        if style == 3:
            return '[' + ','.join(f'{k}={v}' for k, v in pairs) + ']', ''
        if style == 4:
            return '', draw.choice(['|#', '|#a', '|#a:b:c', '|#:b', '|c:abc', '|q'])
        return '', ''

    for _ in range(count):
        lines = []
        for _ in range(draw.randint(1, 4)):
            name = draw.choice(names) if draw.random() < 0.8 else '.'.join(draw.choices(words, k=draw.randint(1, 3)))
            before, after = tags()
            kind = draw.choice(types[:5]) if draw.random() < 0.9 else draw.choice(types)
            # One name is of one type, most of the time: which of two wins is a matter of which came first.
            if draw.random() < 0.97:
                name += '_' + (kind or 'none') if '.' not in name else ''
            value = draw.choice(values[:7]) if draw.random() < 0.9 else draw.choice(values)
            lines.append(f'{name}{before}:{value}|{kind}{draw.choice(rates)}{after}')
            if draw.random() < 0.03:
                lines.append(draw.choice(['', ':', 'a', 'a:1', 'a:|c', ':1|c', 'a:1|c|', 'a::1|c', 'a:1|c:2|g', 'a:1|', '|c', 'é:1|c']))
        yield '\n'.join(lines).encode()


def scrape(port):
    with urllib.request.urlopen(f'http://127.0.0.1:{port}/metrics', timeout=10) as page:
        return page.read().decode()


def series(page):
    """{name with labels: value} and {family: (type, help)}; zeros of own counters are as good as nothing."""
    values, families = {}, {}
    for line in page.splitlines():
        if line.startswith('# '):
            _, what, name, text = (line + ' ').split(' ', 3)
            families.setdefault(name, {})[what] = text.strip()
            continue
        name, value = line.rsplit(' ', 1)
        value = float(value)
        if name.startswith('statsd_') and value == 0:
            continue
        labels = name[name.find('{') + 1:-1] if '{' in name else ''
        parts = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)
        values[name.split('{')[0] + str(sorted(parts))] = value
    return values, families


class Exporter:
    def __init__(self, program, mapping, directory):
        self.web, self.udp = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
        command = [program, f'--statsd.listen-udp=127.0.0.1:{self.udp}', '--statsd.listen-tcp=',
                   f'--web.listen-address=127.0.0.1:{self.web}', '--log.level=error']
        if mapping:
            path = os.path.join(directory, 'mapping.yaml')
            with open(path, 'w', encoding='utf-8') as file:
                file.write(mapping)
            command.append(f'--statsd.mapping-config={path}')
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while True:
            try:
                scrape(self.web)
                break
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    sys.exit(f'{program} does not serve')
                time.sleep(0.05)

    def feed(self, packets):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.connect(('127.0.0.1', self.udp))
        for number, packet in enumerate(packets):
            sender.send(packet)
            if number % 20 == 19:
                time.sleep(0.005)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            page = scrape(self.web)
            if f'statsd_exporter_udp_packets_total {len(packets)}' in page:
                # The original handles what it has received a moment later.
                time.sleep(0.5)
                return scrape(self.web)
            time.sleep(0.1)
        sys.exit('packets were lost on the way: the machine is too busy')

    def end(self):
        self.process.terminate()
        self.process.wait(10)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('peer')
    options.add_argument('--ours', default=f'{ROOT}/.build/release/statsd-exporter')
    options.add_argument('--seed', type=int, default=1)
    options.add_argument('--packets', type=int, default=200)
    options.add_argument('--verbose', action='store_true')
    given = options.parse_args()
    packets = list(drawn_packets(given.seed, given.packets))
    unexpected = 0
    for name, mapping in MAPPINGS.items():
        pages = {}
        for who, program in (('peer', given.peer), ('ours', given.ours)):
            with tempfile.TemporaryDirectory() as directory:
                exporter = Exporter(program, mapping, directory)
                try:
                    pages[who] = series(exporter.feed(packets))
                finally:
                    exporter.end()
        (theirs, their_families), (ours, our_families) = pages['peer'], pages['ours']
        same, purposely = 0, 0
        for key in sorted(set(theirs) | set(ours)):
            one, other = theirs.get(key), ours.get(key)
            if one == other or (one is not None and other is not None
                                and (one != one and other != other or abs(one - other) <= 1e-9 * abs(one))):
                same += 1
                continue
            reason = next((reason for pattern, reason in ON_PURPOSE if re.match(pattern, key)), None)
            if reason:
                purposely += 1
                if given.verbose:
                    print(f'  {key}: {one} against {other}: {reason}')
                continue
            unexpected += 1
            print(f'{name}: {key}: {one} against {other} of ours')
        for family in sorted(set(their_families) & set(our_families)):
            if their_families[family] != our_families[family] and not re.match(r'go_|process_|statsd_exporter_build', family):
                unexpected += 1
                print(f'{name}: {family}: {their_families[family]} against {our_families[family]} of ours')
        print(f'{name}: {same} series are the same, {purposely} differ on purpose')
    print(f'statsd-compare: seed {given.seed}, {len(packets)} packets, {unexpected} differences')
    sys.exit(1 if unexpected else 0)


if __name__ == '__main__':
    main()
