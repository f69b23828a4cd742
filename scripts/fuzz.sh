#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Attacks the layer parser and the daemon, and kills it, for about MINUTES (10), from SEED (the time) on: what
# `make test` does in seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
seed=${SEED:-$(date +%s)}
minutes=${MINUTES:-10}
swift build --build-tests -j "${JOBS:-2}"
echo "fuzz: seed $seed, $minutes minutes"
FUZZ_SEED=$seed FUZZ_CASES=$((minutes * 10000)) swift test --skip-build --filter "LayerFuzzTests|YAMLTreeTests|PebblePlanTests|MetricsTextTests"
scripts/fuzz-layers.sh -seed="$seed" -max_total_time=$((minutes * 15))
scripts/pebble-hostile.sh --seed "$seed" --cases 100000000 --seconds $((minutes * 25))
scripts/pebble-faults.sh --seed "$seed" --kills $((minutes * 60)) --calls $((minutes * 20))
