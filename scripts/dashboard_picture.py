# SPDX-License-Identifier: Apache-2.0
"""Draws the overview from a Prometheus' data: Grafana is not among Debian's packages, so this stands in for it.

It reads the dashboard's JSON, asks Prometheus what Grafana would ask, lays the panels out on the same grid, and has a
headless Chromium make a picture. It knows stat and timeseries panels, which is all the dashboards use.
"""
import html
import json
import math
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COLOURS = ['#73bf69', '#5794f2', '#ff9830', '#b877d9', '#f2495c', '#fade2a', '#37872d', '#8ab8ff', '#c4162a', '#a16a2c']
NAMED = {'green': '#73bf69', 'yellow': '#fade2a', 'red': '#f2495c'}
CELL, UNIT = 60, 34


def shown(value, unit):
    if math.isnan(value):
        return '–'
    if unit == 's':
        return f'{value * 1000:.0f} ms' if value < 1 else f'{value:.1f} s'
    if unit == 'percentunit':
        return f'{value * 100:.2f} %'
    if unit in ('bytes', 'Bps'):
        for name in ('B', 'KiB', 'MiB', 'GiB'):
            if value < 1024:
                break
            value /= 1024
        return f'{value:.0f} {name}'
    text = f'{value:.2f}'.rstrip('0').rstrip('.') if value < 100 else f'{value:.0f}'
    return f'{text} req/s' if unit == 'reqps' else text


def label(target, metric):
    legend = target['legendFormat']
    if legend == '__auto':
        return ', '.join(metric.values())
    for name, value in metric.items():
        legend = legend.replace('{{' + name + '}}', value)
    return legend


def stat(panel, ask, server, now):
    settings = panel['fieldConfig']['defaults']
    data = ask(server, 'query', query=panel['targets'][0]['expr'], time=now)
    if not data.get('result'):
        return '<div class=value style="color:#888">no data</div>'
    value = float(data['result'][0]['value'][1])
    colour = [step['color'] for step in settings['thresholds']['steps'] if step['value'] is None or value >= step['value']][-1]
    text = shown(value, settings['unit'])
    for mapping in settings['mappings']:
        if f'{value:g}' in mapping['options']:
            text, colour = (mapping['options'][f'{value:g}'][k] for k in ('text', 'color'))
    return f'<div class=value style="color:{NAMED[colour]}">{html.escape(text)}</div>'


def graph(panel, ask, server, begin, now, width, height):
    settings = panel['fieldConfig']['defaults']
    step = max(1, int((now - begin) / 180))
    lines = []
    for target in panel['targets']:
        data = ask(server, 'query_range', query=target['expr'], start=begin, end=now, step=step)
        for series in data.get('result', []):
            points = {int(float(t)): float(v) for t, v in series['values'] if v != 'NaN'}
            lines.append((label(target, series['metric']), points))
    stacked = settings['custom']['stacking']['mode'] == 'normal'
    base, drawn = {}, []
    for name, points in lines:
        if stacked:
            points = {t: v + base.get(t, 0) for t, v in points.items()}
            base |= points
        drawn.append((name, points))
    top = max((v for _, points in drawn for v in points.values()), default=1) or 1
    def place(t, v):
        return f'{60 + (t - begin) / (now - begin) * (width - 75):.1f},{10 + (1 - v / top) * (height - 55):.1f}'
    body = ''
    for part in (0, 0.5, 1):
        y = 10 + (1 - part) * (height - 55)
        body += f'<line x1=60 x2={width - 15} y1={y} y2={y} stroke="#2c3235"/>' \
                f'<text x=54 y={y + 4} text-anchor=end>{html.escape(shown(top * part, settings["unit"]))}</text>'
    for index, (name, points) in reversed(list(enumerate(drawn))):
        path = ' '.join(place(t, v) for t, v in sorted(points.items()))
        colour = COLOURS[index % len(COLOURS)]
        if stacked and points:
            first, last = min(points), max(points)
            body += f'<polygon points="{place(first, 0)} {path} {place(last, 0)}" fill="{colour}" fill-opacity=0.25 />'
        body += f'<polyline points="{path}" fill=none stroke="{colour}" stroke-width=1.5 />'
    legend = ' '.join(f'<span><i style="background:{COLOURS[i % len(COLOURS)]}"></i>{html.escape(name)}</span>'
                      for i, (name, _) in enumerate(drawn)) or 'no data'
    return f'<svg width={width} height={height - 28}>{body}</svg><div class=legend>{legend}</div>'


def draw(server, ask, path, minutes=10):
    with open(f'{ROOT}/charm/grafana_dashboards/indico.json', encoding='utf-8') as file:
        dashboard = json.load(file)
    now = time.time()
    begin = now - minutes * 60
    body, bottom = '', 0
    for panel in dashboard['panels']:
        at = panel['gridPos']
        x, y, w, h = at['x'] * CELL, at['y'] * UNIT, at['w'] * CELL - 8, at['h'] * UNIT - 8
        bottom = max(bottom, y + h)
        frame = f'style="left:{x}px;top:{y}px;width:{w}px;height:{h}px"'
        title = html.escape(panel['title'])
        if panel['type'] == 'row':
            body += f'<div class=row {frame}>{title}</div>'
            continue
        inner = stat(panel, ask, server, now) if panel['type'] == 'stat' else \
            graph(panel, ask, server, begin, now, w, h - 28)
        body += f'<div class=panel {frame}><h2>{title}</h2>{inner}</div>'
    page = f'''<!doctype html><meta charset=utf-8><style>
        body {{ background:#111217; color:#ccccdc; font:13px sans-serif; margin:0 }} #grid {{ position:absolute; left:16px; top:52px }}
        h1 {{ font-size:18px; margin:16px }} h2 {{ font-size:13px; font-weight:500; margin:6px 10px }}
        .panel,.row {{ position:absolute; box-sizing:border-box }} .panel {{ background:#181b1f; border:1px solid #23262b }}
        .row {{ padding-top:6px; font-size:15px }} .value {{ font-size:30px; text-align:center; padding-top:14px }}
        text {{ fill:#999; font-size:11px }} .legend {{ padding:0 12px; height:18px; overflow:hidden }}
        .legend span {{ margin-right:12px }} .legend i {{ display:inline-block; width:12px; height:3px; margin:0 5px 3px 0 }}
        </style><h1>{html.escape(dashboard['title'])}</h1><div id=grid>{body}</div>'''
    path = os.path.abspath(path)
    with tempfile.TemporaryDirectory(prefix='dashboard-') as place:
        with open(f'{place}/page.html', 'w', encoding='utf-8') as file:
            file.write(page)
        subprocess.run(
            ['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', f'--user-data-dir={place}/profile',
             f'--screenshot={path}', f'--window-size={24 * CELL + 32},{bottom + 72}', f'file://{place}/page.html'],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
    print(f'observe: {path} drawn', file=sys.stdout)
    return 0
