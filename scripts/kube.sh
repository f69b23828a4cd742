#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Writes the Kubernetes objects that Juju makes for this charm into dist/kube/indico.yaml, validated against Kubernetes'
# schemas, which come from PyPI.
#
#   scripts/kube.sh [ARGUMENT...]    those of scripts/kube.py, such as --storage attachments=20G
#   scripts/kube.sh --test           holds them against the charm, the schemas, and our Pebble at the probes' ports
set -euo pipefail
cd "$(dirname "$0")/.."
home=$PWD/.build/kube
stamp=$(sha256sum <packaging/requirements-kube.txt)
if [ "$(cat "$home/installed" 2>/dev/null)" != "$stamp" ]; then
    python3 -m venv --clear "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check --requirement packaging/requirements-kube.txt
    printf '%s\n' "$stamp" >"$home/installed"
fi

if [ "${1:-}" = --test ]; then
    exec "$home/bin/python" scripts/kube_test.py
fi
mkdir -p dist/kube
"$home/bin/python" scripts/kube.py "$@" >dist/kube/indico.yaml.new
"$home/bin/kubernetes-validate" --strict --quiet dist/kube/indico.yaml.new
mv dist/kube/indico.yaml.new dist/kube/indico.yaml
echo "kube: $(grep -c '^kind:' dist/kube/indico.yaml) objects, valid, in dist/kube/indico.yaml"
