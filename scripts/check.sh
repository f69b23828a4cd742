#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The house rules a machine can hold: run before every push, and by `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."

longest=400
failed=0

fail() {
    printf 'check: %s\n' "$*" >&2
    failed=1
}

swift_files() { git ls-files -- '*.swift'; }

check_format() {
    swift_files | xargs swift format lint --strict || fail "run 'make format', then mend what is left by hand"
}

check_length() {
    local long
    long=$(swift_files | xargs wc -l | awk -v most="$longest" '$2 != "total" && $1 > most { print "  " $2 ": " $1 " lines" }')
    [ -z "$long" ] || fail "a file is about one thing; split what outgrew $longest lines:"$'\n'"$long"
}

# One symbol of whole Foundation adds 44 MB of ICU to a static binary.
check_foundation() {
    local found
    found=$(git grep -nE '^ *(@[a-z_]+ +)?((public|package|internal|fileprivate|private) +)?import Foundation$' -- 'Sources/*.swift' || true)
    [ -z "$found" ] || fail "import FoundationEssentials instead of Foundation:"$'\n'"$found"
}

check_licence() {
    local file
    while read -r file; do
        head -n 2 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || fail "$file: no licence line"
    done < <(swift_files; git ls-files -- '*.sh' '*.py' ':!contracts' | cat)
}

# What promises safety by hand says why it holds, on its own line or the one above.
check_promises() {
    local found
    found=$(git grep -nE -B1 '@unchecked Sendable|nonisolated\(unsafe\)|try!|fatalError\(' -- 'Sources/*.swift' |
        awk '/^--$/ { above = ""; next } { line = $0; if (line ~ /@unchecked Sendable|nonisolated\(unsafe\)|try!|fatalError\(/ && line !~ /\/\// && above !~ /\/\//) print "  " line; above = line }' || true)
    [ -z "$found" ] || fail "say beside it why it holds:"$'\n'"$found"
}

# A target may import only what the manifest lets it: the floors of ARCHITECTURE.md. Warnings are errors there too.
check_imports() {
    swift build -j 2 --build-tests --explicit-target-dependency-import-check error || fail "the build above"
}

check_format
check_length
check_foundation
check_licence
check_promises
[ "${1:-}" = --quick ] || check_imports

[ "$failed" = 0 ] && printf 'check: all rules hold\n'
exit "$failed"
