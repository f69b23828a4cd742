#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Lets libFuzzer at the layer parser: scripts/fuzz-layers.sh [OPTIONS of libFuzzer], such as -max_total_time=60 -seed=1.
# What it learns stays in .build/fuzz/corpus, a text that goes wrong in .build/fuzz/crash-*.
set -euo pipefail
cd "$(dirname "$0")/.."
home=.build/fuzz
mkdir -p "$home/corpus"
flags=(-O -wmo -parse-as-library -sanitize=fuzzer -swift-version 6 -package-name indico_operator -I "$home" -I Sources/CYAML)
for feature in ExistentialAny MemberImportVisibility InternalImportsByDefault NonisolatedNonsendingByDefault; do
    flags+=(-enable-upcoming-feature "$feature")
done
for module in PebbleAPI YAMLTree PebblePlan; do
    # Only what has changed since.
    [[ $home/$module.o -nt $(ls -t Sources/PebbleAPI/*.swift Sources/YAMLTree/*.swift Sources/PebblePlan/*.swift | head -n 1) ]] && continue
    find "Sources/$module" -name '*.swift' -print0 | xargs -0 swiftc "${flags[@]}" -module-name "$module" \
        -emit-module -emit-module-path "$home/$module.swiftmodule" -c -o "$home/$module.o"
done
swiftc "${flags[@]}" -module-name LayerFuzzer Tests/PebbleHostile/LayerFuzzer.swift "$home"/{PebbleAPI,YAMLTree,PebblePlan}.o \
    -lyaml -o "$home/fuzz-layers"
# A text to begin with, of every section.
cat >"$home/corpus/whole" <<'LAYER'
services:
  a: {override: replace, command: "b [ c ]", after: [d], environment: {E: f}, backoff-factor: 1.5, kill-delay: 5s}
checks:
  a: {override: merge, period: 1s, threshold: 3, http: {url: "http://a/"}}
log-targets:
  a: {override: replace, type: loki, location: "http://a/", services: [all], labels: {b: $C}}
workloads:
  a: {override: replace, user-id: 1}
LAYER
exec "$home/fuzz-layers" -artifact_prefix="$home/" -max_len=2048 -timeout=10 "$@" "$home/corpus"
