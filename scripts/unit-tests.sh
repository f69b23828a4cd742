#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the unit tests that are built, room by room.
#
# Many of them wait for real processes. All at once in one process, those that wait would keep the others from their turn
# until a time limit strikes; each part has a process of its own, and what belongs together runs together.
set -euo pipefail
cd "$(dirname "$0")/.."

rooms=(
    'UnitAgentTests|CharmKitTests'
    'PebbleDaemonTests|PebbleClientTests|PebbleCommandsTests'
    'StatsDExporterTests|CeleryExporterTests|MetricsServerTests|LinuxSupportTests'
    'OperatorCommandsTests|OneMachineTests'
)
for room in "${rooms[@]}"; do
    swift test --skip-build --filter "$room"
done
# What is left draws thousands of cases and waits for nobody.
IFS='|'
swift test --skip-build --skip "${rooms[*]}"
