#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes what a root file system is made of: NAME.cdx.json, a bill of materials in CycloneDX, and NAME.licences.txt.
#
#   scripts/sbom.sh ROOT NAME VERSION DIRECTORY
#
# The tools are cyclonedx-bom, for Python's packages, and python-debian, for what dpkg and the copyright files say; both
# are pinned and installed into .build/sbom when they are missing.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# = 4 ] || { sed -n '/^#   /{s/^# *//;p}' "$0" >&2; exit 2; }
tools=.build/sbom
requirements=packaging/requirements-sbom.txt
if ! cmp -s "$requirements" "$tools/requirements.txt"; then
    /usr/bin/python3 -m venv --clear "$tools"
    "$tools/bin/pip" install --quiet --no-input --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$tools/requirements.txt"
fi
exec "$tools/bin/python" scripts/sbom.py "$@"
