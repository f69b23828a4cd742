#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds everything there is to hand out into dist/: the charm, the Debian package, the programs as an archive, the
# Terraform modules, the source, release notes, a manifest and checksums. Ready to be signed: one signature on
# SHA256SUMS covers all of it (gpg --detach-sign --armor dist/SHA256SUMS).
#
#   scripts/release.sh           of what is committed
#   scripts/release.sh --built   with the programs that are in .build/release
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(scripts/version.sh)
seconds=$(scripts/version.sh --time)
architecture=$(dpkg --print-architecture)
programs=(indico-charm pebble indico-operator hook-tool statsd-exporter celery-exporter)
[ "${1:-}" = --built ] || scripts/build-release.sh "${programs[@]}"
for program in "${programs[@]}"; do
    .build/release/"$program" --version | grep -qF "$version" || {
        echo "release: $program is $(.build/release/"$program" --version), and this checkout is $version" >&2
        exit 1
    }
done

out=dist
mkdir -p "$out"
# Only what a release of ours is called; whatever else lies there stays.
rm -f "$out"/{SHA256SUMS,manifest.json,RELEASE_NOTES.md} "$out"/indico-operator[-_]* "$out"/indico_*.charm
scripts/charm.py --out "$out/indico_$architecture.charm"
scripts/deb.sh "$out"

# The same bytes whoever packs it: names in order, one date, no owner.
archive() {
    local file=$1
    shift
    tar --create --sort=name --mtime="@$seconds" --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw "$@" | gzip -9n >"$file"
}
place=$(mktemp -d)
trap 'case $place in /tmp/*) rm -r -- "$place" ;; esac' EXIT
name=indico-operator-$version
mkdir -p "$place/$name/bin" "$place/$name/packaging"
for program in "${programs[@]}"; do strip --strip-all --remove-section=.note.gnu.build-id --remove-section=.swift_modhash -o "$place/$name/bin/$program" ".build/release/$program"; done
cp -r --dereference charm "$place/$name/"
rm -rf "$place/$name/charm/workload/__pycache__"
cp packaging/requirements-indico-*.txt packaging/debian-packages.txt "$place/$name/packaging/"
cp README.md LICENSE CHANGELOG.md SECURITY.md "$place/$name/"
archive "$out/$name-linux-$architecture.tar.gz" --directory "$place" "$name"
archive "$out/$name-terraform.tar.gz" --exclude='.terraform*' terraform
git archive --format=tar --prefix="$name/" HEAD | gzip -9n >"$out/$name-source.tar.gz"
scripts/release-notes.py "$version" >"$out/RELEASE_NOTES.md"

files=$(cd "$out" && ls -1 indico_*.charm indico-operator[-_]* RELEASE_NOTES.md | sort)
VERSION=$version COMMIT=$(git rev-parse HEAD) SECONDS_=$seconds FILES=$files python3 - "$out" <<'PYTHON'
import hashlib, json, os, sys, time
from pathlib import Path

out = Path(sys.argv[1])
files = [{"name": name, "size": (out / name).stat().st_size, "sha256": hashlib.sha256((out / name).read_bytes()).hexdigest()}
         for name in os.environ["FILES"].split()]
told = {"name": "indico-operator", "version": os.environ["VERSION"], "commit": os.environ["COMMIT"],
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(os.environ["SECONDS_"]))), "files": files}
(out / "manifest.json").write_text(json.dumps(told, indent=2) + "\n")
PYTHON
(cd "$out" && sha256sum $files manifest.json >SHA256SUMS && sha256sum --check --quiet SHA256SUMS)
echo "release $version: $(wc -l <"$out/SHA256SUMS") files in $out/, checksums in $out/SHA256SUMS"
