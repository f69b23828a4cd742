#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds programs for people to run: optimised, with the version of the Git tag, and with Swift's library and libyaml
# inside, so that of the machine they need little more than glibc and the runtime of C++.
#
#   scripts/build-release.sh indico-charm pebble
set -euo pipefail
cd "$(dirname "$0")/.."

INDICO_OPERATOR_VERSION=$(scripts/version.sh)
export INDICO_OPERATOR_VERSION

# libyaml is linked as an archive: the linker takes what it finds first, and pkg-config tells SwiftPM to look where
# there is nothing else of that name.
archives=$PWD/.build/archives
compiler=$(command -v gcc || command -v clang)
mkdir -p "$archives"
ln -sf "$("$compiler" -print-file-name=libyaml.a)" "$archives/libyaml.a"
# SQLite stays the system's: only programs of one machine use it, and its fixes come with the system's.
for name in yaml-0.1:-L"$archives":-lyaml sqlite3::-lsqlite3; do
    IFS=: read -r module directory library <<<"$name"
    printf 'Name: %s\nDescription: %s\nVersion: 1\nLibs: %s %s\n' \
        "$module" 'as a release is linked' "$directory" "$library" >"$archives/$module.pc"
done
export PKG_CONFIG_PATH=$archives

# One product after the other rather than the whole package: that would build every module of every dependency.
for product in "$@"; do
    printf '== %s\n' "$product"
    swift build -c release --static-swift-stdlib ${JOBS:+-j "$JOBS"} --product "$product"
done
