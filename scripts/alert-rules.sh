#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the alert rules, runs a firing and a silent case of each, and sees that each has its runbook.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v promtool >/dev/null || {
    echo "alert rules: promtool is missing: 'make packages' installs it, with Debian's package prometheus" >&2
    exit 1
}
promtool check rules charm/prometheus_alert_rules/*.yaml
promtool test rules Tests/AlertRules/*_test.yaml

# Every expression of every panel, as rules that are thrown away: promtool checks no dashboards.
panels=$(mktemp --suffix=.yaml)
trap 'rm -f "$panels"' EXIT
scripts/observe.py --panels-as-rules >"$panels"
promtool check rules "$panels" | sed "s|$panels|charm/grafana_dashboards|"

failed=0
while read -r alert; do
    grep -q "^## $alert\$" docs/how-to/alerts.md || { echo "$alert has no section in docs/how-to/alerts.md" >&2; failed=1; }
    grep -q "alertname: $alert[,[:space:]]*" Tests/AlertRules/*_test.yaml || { echo "$alert has no test" >&2; failed=1; }
    grep -q "alerts.md#${alert,,}\$" charm/prometheus_alert_rules/*.yaml || { echo "$alert names no runbook" >&2; failed=1; }
done < <(sed -nE 's/^ *- alert: //p' charm/prometheus_alert_rules/*.yaml)
exit "$failed"
