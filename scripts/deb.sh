#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packs the one-machine mode as a Debian package, from the programs in .build/release; `make deb` builds those first.
# The same bytes for the same commit.
#
#   scripts/deb.sh [--version VERSION] [DIRECTORY]       dist/ unless another is given
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(scripts/version.sh --debian)
if [ "${1:-}" = --version ]; then
    version=$2
    shift 2
fi
out=${1:-dist}
programs=.build/release
SOURCE_DATE_EPOCH=$(scripts/version.sh --time)
export SOURCE_DATE_EPOCH
umask 022

root=$(mktemp -d)
trap 'case $root in /tmp/*|/var/tmp/*) rm -r -- "$root" ;; esac' EXIT
chmod 755 "$root"
home=$root/usr/lib/indico-operator
package=packaging/debian

# Programs with what they bring along, laid out as in the repository: they find it beside them.
mkdir -p "$home/bin" "$home/packaging" "$root/usr/bin"
for program in pebble indico-charm indico-operator hook-tool statsd-exporter celery-exporter; do
    [ -x "$programs/$program" ] || { echo "deb: $programs/$program is not built; 'make deb' builds it" >&2; exit 1; }
    strip --strip-all --remove-section=.note.gnu.build-id --remove-section=.swift_modhash -o "$home/bin/$program" "$programs/$program"
    chmod 755 "$home/bin/$program"
done
ln -s ../lib/indico-operator/bin/indico-operator "$root/usr/bin/indico-operator"
cp -r --dereference --no-preserve=mode charm "$home/charm"
rm -rf "$home/charm/workload/__pycache__"
cp packaging/requirements-indico-*.txt "$home/packaging/"

# Manual pages, completions, the unit, settings.
mkdir -p "$root/usr/share/man/man8"
scripts/command_pages.py man "$programs/indico-operator" "$root/usr/share/man/man8"
gzip -9n "$root"/usr/share/man/man8/*.8
for shell in bash:usr/share/bash-completion/completions/indico-operator \
    zsh:usr/share/zsh/vendor-completions/_indico-operator fish:usr/share/fish/vendor_completions.d/indico-operator.fish; do
    place=$root/${shell#*:}
    mkdir -p "${place%/*}"
    "$programs/indico-operator" --generate-completion-script "${shell%%:*}" >"$place"
done
install -D -m 644 "$package/indico-operator.service" "$root/lib/systemd/system/indico-operator.service"
install -D -m 644 "$package/indico-operator.default" "$root/etc/default/indico-operator"

doc=$root/usr/share/doc/indico-operator
mkdir -p "$doc"
cp README.md SECURITY.md "$doc/"
gzip -9nc CHANGELOG.md >"$doc/changelog.gz"
cat >"$doc/copyright" <<'COPYRIGHT'
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: indico-operator

Files: *
Copyright: The Indico Operator authors
License: Apache-2.0
 On Debian systems the text of the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.
Comment:
 The programs contain the libraries of Swift, SwiftNIO, Swift Log, Swift Argument Parser and Swift Service Lifecycle
 (Apache-2.0, those of Swift with its Runtime Library Exception) and libyaml (MIT).
COPYRIGHT

mkdir "$root/DEBIAN"
install -m 755 "$package"/{postinst,prerm,postrm} "$root/DEBIAN/"
cp "$package/conffiles" "$root/DEBIAN/"

# What the programs load, and what Indico takes: the list that `make run` installs. A name for Python 3.12 is not
# Debian 12's.
loaded=$(
    mkdir -p "$root/dependencies/debian" && cd "$root/dependencies" && printf 'Source: indico-operator\n\nPackage: indico-operator\nArchitecture: any\n' >debian/control
    dpkg-shlibdeps -O "$home"/bin/* 2>/dev/null | sed 's/^shlibs:Depends=//'
)
rm -r "$root/dependencies"
[ -n "$loaded" ] || { echo 'deb: dpkg-shlibdeps tells nothing; is dpkg-dev installed?' >&2; exit 1; }
wanted=$(sed -E 's/#.*//; s/[[:space:]]+$//; /^$/d; /:/d' packaging/debian-packages.txt |
    sed -E 's/^postgresql-([0-9]+)$/& | postgresql (>= \1)/' | paste -sd, | sed 's/,/, /g')
architecture=$(dpkg --print-architecture)
size=$(du -sk --apparent-size --exclude=DEBIAN "$root" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$size/" \
    -e "s/@DEPENDS@/$loaded, $wanted/" "$package/control.in" >"$root/DEBIAN/control"
(cd "$root" && find . -path ./DEBIAN -prune -o -type f -print0 | sort -z | xargs -0 md5sum | sed 's, \./, ,' >DEBIAN/md5sums)

mkdir -p "$out"
file=$out/indico-operator_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$file" >/dev/null
echo "$file: $(du -h --apparent-size "$file" | cut -f1), $(dpkg-deb --contents "$file" | wc -l) files"
