#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the site of docs/ with MkDocs from PyPI into .build/site, and fails on a broken link, a page that is in no menu,
# and a generated page that is not what the code says any more.
#
#   scripts/docs.sh            checks and builds
#   scripts/docs.sh --write    writes the generated pages first
set -euo pipefail
cd "$(dirname "$0")/.."
home=.build/docs
stamp=$(sha256sum <packaging/requirements-docs.txt)
if [ "$(cat "$home/installed" 2>/dev/null)" != "$stamp" ]; then
    python3 -m venv --clear "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check --requirement packaging/requirements-docs.txt
    printf '%s\n' "$stamp" >"$home/installed"
fi
[ "${1:-}" != --write ] || "$home/bin/python" scripts/reference.py
"$home/bin/python" scripts/reference.py --check
"$home/bin/python" scripts/docs_commands.py
# Not --quiet: what is not said does not count as a warning either, and --strict would let it pass.
"$home/bin/mkdocs" build --strict >"$home/words" 2>&1 || { grep -vE '^INFO' "$home/words" >&2; exit 1; }
echo "docs: $(find .build/site -name '*.html' | wc -l) pages in .build/site, no broken link"
