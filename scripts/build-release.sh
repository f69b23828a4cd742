#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds programs for people to run: optimised, with the version of the Git tag, and with Swift's library and libyaml
# inside, so that of the machine they need little more than glibc. Programs with libyaml have the runtime of C++ inside
# too, of which they use little: loading all of it costs a charm a megabyte and a millisecond at each event. glibc stays
# the machine's: a program that has it inside finds names only by the modules of the very same version.
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
for library in yaml stdc++; do
    ln -sf "$("$compiler" -print-file-name="lib$library.a")" "$archives/lib$library.a"
done
# What the runtime of C++ needs of the compiler's, by the name under which the linker asks for it.
ln -sf "$("$compiler" -print-file-name=libgcc_eh.a)" "$archives/libgcc_s.a"
# SQLite stays the system's: only programs of one machine use it, and its fixes come with the system's.
for name in yaml-0.1:-L"$archives":-lyaml sqlite3::-lsqlite3; do
    IFS=: read -r module directory library <<<"$name"
    printf 'Name: %s\nDescription: %s\nVersion: 1\nLibs: %s %s\n' \
        "$module" 'as a release is linked' "$directory" "$library" >"$archives/$module.pc"
done
export PKG_CONFIG_PATH=$archives

# A section for each function, so that the linker can lay out each by itself and leave out what nobody calls.
# One product after the other rather than the whole package: that would build every module of every dependency.
for product in "$@"; do
    printf '== %s\n' "$product"
    swift build -c release --static-swift-stdlib -Xswiftc -Xfrontend -Xswiftc -function-sections ${JOBS:+-j "$JOBS"} \
        --product "$product"
done
