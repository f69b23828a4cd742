#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Has Canonical's charmcraft look at what we pack: its schema at charm/charmcraft.yaml, its `analyse` at the archive, and
# what it would write into an archive beside what scripts/charm.py writes. charmcraft comes from PyPI, once.
#
#   scripts/charmcraft.sh [dist/indico_amd64.charm]
set -euo pipefail
cd "$(dirname "$0")/.."
charm=$(realpath -e "${1:-dist/indico_amd64.charm}")
home=$PWD/.build/charmcraft
version=4.5.0

if [ "$(cat "$home/installed" 2>/dev/null)" != "$version" ]; then
    python3 -m venv --clear "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check "charmcraft==$version"
    echo "$version" >"$home/installed"
fi

"$home/bin/python" scripts/charmcraft_compare.py

# A directory of its own: one of the checks looks for a directory `stage` beside the one charmcraft unpacks into.
place=$(mktemp -d)
trap 'rm -r -- "$place"' EXIT
status=0
TMPDIR=$place XDG_RUNTIME_DIR=$place "$home/bin/charmcraft" analyse "$charm" >"$place/words" 2>&1 || status=$?
sed -E 's/ \(https:[^ ]*\)$//' "$place/words"
# 3: it warns, of the options' names: they are those of the charm that ours takes the place of.
case $status in 0 | 3) ;; *) exit "$status" ;; esac
! grep -q '\[ERROR\]' "$place/words"
