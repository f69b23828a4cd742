#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the dashboards and rules against a Prometheus that watches a running Indico.

    scripts/observe.py http://127.0.0.1:9090                    every panel and recording must return data
    scripts/observe.py http://127.0.0.1:9090 --wait 120         within so many seconds
    scripts/observe.py http://127.0.0.1:9090 --fires ALERT      the alert must fire, within --wait
    scripts/observe.py --panels-as-rules                        the panels' expressions, for promtool
    scripts/observe.py http://127.0.0.1:9090 --picture out.png  the overview, drawn by a headless Chromium

Writes what it found as a table; the exit code is 1 when something is missing.
"""
import argparse
import glob
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def ask(server, path, **parameters):
    query = urllib.parse.urlencode(parameters)
    try:
        with urllib.request.urlopen(f'{server}/api/v1/{path}?{query}', timeout=20) as reply:
            return json.load(reply)['data']
    except urllib.error.HTTPError as error:
        # Prometheus tells in the body what it does not understand.
        return {'error': json.load(error)['error']}


def panels():
    """Every expression of every panel: (dashboard, panel, expression)."""
    for path in sorted(glob.glob(f'{ROOT}/charm/grafana_dashboards/*.json')):
        with open(path, encoding='utf-8') as file:
            dashboard = json.load(file)
        for panel in dashboard['panels']:
            for target in panel.get('targets', []):
                yield dashboard['title'], panel['title'], target['expr']


def expressions(server):
    yield from panels()
    for group in ask(server, 'rules')['groups']:
        for rule in group['rules']:
            if rule['type'] == 'recording':
                yield group['name'], rule['name'], rule['name']


def trouble(server):
    """What returns no data: (dashboard, panel, expression, why)."""
    for place, name, expression in expressions(server):
        data = ask(server, 'query', query=expression)
        if 'error' in data:
            yield place, name, expression, data['error']
        elif not data['result']:
            yield place, name, expression, 'no data'
        elif all(sample['value'][1] == 'NaN' for sample in data['result']):
            yield place, name, expression, 'not a number'


def broken_targets(server):
    for target in ask(server, 'targets')['activeTargets']:
        if target['health'] != 'up':
            yield 'targets', target['labels']['job'], target['scrapeUrl'], target['lastError'] or target['health']


def broken_rules(server):
    for group in ask(server, 'rules')['groups']:
        for rule in group['rules']:
            if rule['health'] != 'ok':
                yield group['name'], rule['name'], rule['query'], rule.get('lastError', rule['health'])


def check(server):
    return [*broken_targets(server), *broken_rules(server), *trouble(server)]


def firing(server, alert):
    return any(a['labels']['alertname'] == alert and a['state'] == 'firing' for a in ask(server, 'alerts')['alerts'])


def counts(server):
    rules = [rule for group in ask(server, 'rules')['groups'] for rule in group['rules']]
    found = list(panels())
    return (f"{len({(d, p) for d, p, _ in found})} panels with {len(found)} expressions, "
            f"{sum(r['type'] == 'alerting' for r in rules)} alerts, "
            f"{sum(r['type'] == 'recording' for r in rules)} recordings, "
            f"{len(ask(server, 'targets')['activeTargets'])} targets")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('server', nargs='?')
    parser.add_argument('--panels-as-rules', action='store_true')
    parser.add_argument('--wait', type=float, default=0)
    parser.add_argument('--fires', metavar='ALERT')
    parser.add_argument('--picture', metavar='FILE')
    options = parser.parse_args()
    if options.panels_as_rules:
        rules = [{'record': f'panel:{number}', 'expr': expression}
                 for number, (_, _, expression) in enumerate(panels())]
        print(json.dumps({'groups': [{'name': 'panels', 'rules': rules}]}))
        return 0
    if not options.server:
        parser.error('say where Prometheus is')
    server = options.server.rstrip('/')
    if options.picture:
        sys.path.insert(0, os.path.join(ROOT, 'scripts'))
        import dashboard_picture
        return dashboard_picture.draw(server, ask, options.picture)
    began = time.monotonic()
    while True:
        left = [] if options.fires and firing(server, options.fires) else \
            [('alerts', options.fires, '', 'does not fire')] if options.fires else check(server)
        if not left:
            what = f'{options.fires} fires' if options.fires else counts(server)
            print(f'observe: {what}, after {time.monotonic() - began:.0f} s')
            return 0
        if time.monotonic() - began >= options.wait:
            for place, name, expression, why in left:
                print(f'observe: {place}: {name}: {why}: {expression}', file=sys.stderr)
            return 1
        time.sleep(2)


if __name__ == '__main__':
    sys.exit(main())
