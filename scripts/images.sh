#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the OCI images of the pods from Debian's and PyPI's packages and our own programs, with buildah; for root.
# The lists of parts are those of one machine: packaging/debian-packages.txt and the pinned requirements.
#
#   scripts/images.sh                       all of them, as localhost/NAME:VERSION and localhost/NAME:latest
#   scripts/images.sh indico-charm ...      only these; what they stand on is taken from the last run
#
# PROGRAMS is where the programs are, .build/release unless given. No registry is asked: debootstrap makes the base.
# For each image dist/images/ gets a bill of materials (CycloneDX) and a list of licences; sizes are told at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
programs=${PROGRAMS:-.build/release}
suite=bookworm
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
version=$(scripts/version.sh)
tag=${version//[^A-Za-z0-9_.-]/-}
indico=$(sed -n 's/^indico==//p' packaging/requirements-indico-3.2.9.txt)
out=dist/images
all=(indico-base indico indico-nginx indico-charm indico-postgresql indico-redis)

fail() {
    echo "images: $*" >&2
    exit 1
}

[ "$(id -u)" = 0 ] || fail 'only root can make a root file system'
for program in buildah debootstrap; do command -v "$program" >/dev/null || fail "there is no $program here; Debian has a package of that name"; done
wanted=("$@")
[ $# -gt 0 ] || wanted=("${all[@]}")
for name in "${wanted[@]}"; do
    case " ${all[*]} " in *" $name "*) ;; *) fail "there is no image $name; there are ${all[*]}" ;; esac
done

place=$(mktemp -d /var/tmp/indico-images.XXXXXX)
containers=()
finish() {
    local status=$?
    trap - EXIT INT TERM
    for container in "${containers[@]}"; do buildah rm "$container" >/dev/null 2>&1 || true; done
    case $place in /var/tmp/indico-images.??????) rm -r --one-file-system -- "$place" ;; esac
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Begins a container; its name and root are in $container and $root. Not in a subshell: it is to be removed at the end.
begin() {
    container=$(buildah from --pull-never "$1")
    containers+=("$container")
    root=$(buildah mount "$container")
}

# Runs a command in it, on this machine's network.
inside() { buildah run --isolation chroot --network host "$container" -- "$@"; }

# The same with what pip was told here. Only where an environment is built: what is mounted leaves its mark.
inside_with_pip() {
    local options=(--isolation chroot --network host) path
    for path in /etc/pip.conf "${PIP_FIND_LINKS:-/nowhere}"; do
        [ ! -e "$path" ] || options+=(--volume "$path:$path:ro")
    done
    for path in $(env | sed -n 's/^\(PIP_[A-Z_]*\|[a-z]*_proxy\)=.*/\1/p'); do options+=(--env "$path=${!path}"); done
    # Not at its own place, where the package of certificates writes.
    options+=(--volume /etc/ssl/certs/ca-certificates.crt:/mnt/certificates.crt:ro --env PIP_CERT=/mnt/certificates.crt)
    buildah run "${options[@]}" "$container" -- "$@"
}

packages() { inside /bin/sh -c 'export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && apt-get install -qq --yes --no-install-recommends "$@" >/dev/null 2>/tmp/apt || { cat /tmp/apt >&2; exit 1; }' sh "$@"; }

# Names from packaging/debian-packages.txt: those after the comment "# run" or "# build".
listed() { awk -v kind="$1" '/^# (run|build):/ { on = $2 == kind ":"; next } /^#/ || !NF || /:/ { next } on' packaging/debian-packages.txt; }

# What nobody needs in an image; copyright files stay, since the licences ask for it.
tidy() {
    rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/* "$root"/tmp/* "$root"/usr/share/man/* \
        "$root"/usr/share/info/* "$root"/usr/share/locale/* "$root"/usr/share/lintian "$root"/etc/resolv.conf
    find "$root/usr/share/doc" -mindepth 2 ! -name copyright ! -type d -delete
    find "$root/var/log" -type f -delete
    mkdir -p "$root/var/cache/apt/archives/partial"
    local compiler missing
    missing=$(inside /bin/sh -c 'for p in /usr/bin/pebble /usr/bin/*-exporter /usr/bin/hook-tool /usr/bin/indico-operator /var/lib/juju/charm/dispatch \
        /opt/indico/bin/uwsgi; do [ ! -e $p ] || ldd $p | grep "not found"; done' || true)
    [ -z "$missing" ] || fail "programs of $1 lack libraries: $missing"
    for compiler in cc gcc c++ g++ clang make ld as cpp; do
        [ ! -e "$root/usr/bin/$compiler" ] || fail "there is a compiler in $1: $compiler"
    done
}

program() {
    [ -x "$programs/$1" ] || fail "$programs/$1 is not built; 'make images' builds it"
    strip --strip-all -o "$root/usr/bin/$1" "$programs/$1" && chmod 755 "$root/usr/bin/$1"
}

# Pebble, with its layers where an image has them; the directory belongs to whom it runs as.
pebble() {
    program pebble
    install -d -m 755 -o "$1" -g "$1" "$root/var/lib/pebble/default" "$root/var/lib/pebble/default/layers" "$root/charm/container"
    [ -z "${2:-}" ] || install -m 644 "$2" "$root/var/lib/pebble/default/layers/001-image.yaml"
    buildah config --env PEBBLE=/var/lib/pebble/default --env PEBBLE_SOCKET=/charm/container/pebble.socket \
        --env LANG=C.UTF-8 --entrypoint '["/usr/bin/pebble"]' --cmd 'run --create-dirs' --user "$1" \
        --stop-signal TERM "$container"
}

account() { inside /bin/sh -c "groupadd --gid $2 $1 && useradd --uid $2 --gid $2 --home-dir $3 --no-create-home --shell /usr/sbin/nologin $1"; }

commit() {
    local name=$1 revision
    shift
    tidy "$name"
    revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
    buildah config --label "org.opencontainers.image.title=$name" --label "org.opencontainers.image.version=$version" \
        --label "org.opencontainers.image.revision=$revision" --label org.opencontainers.image.licenses=Apache-2.0 "$@" "$container"
    scripts/sbom.sh "$root" "$name" "$version" "$out"
    buildah umount "$container" >/dev/null
    buildah commit --quiet --format oci "$container" "localhost/$name:$tag" >/dev/null
    buildah tag "localhost/$name:$tag" "localhost/$name:latest"
}

make_indico-base() {
    begin scratch
    debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror" >"$place/base.log" 2>&1 ||
        { tail -n 5 "$place/base.log" >&2; fail 'debootstrap failed'; }
    printf 'deb %s %s main\ndeb %s %s-updates main\n' "$mirror" "$suite" "$mirror" "$suite" >"$root/etc/apt/sources.list"
    printf 'deb %s-security %s-security main\n' "$mirror" "$suite" >>"$root/etc/apt/sources.list"
    inside /bin/sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get upgrade -qq --yes >/dev/null'
    commit indico-base
}

# The virtual environment is built in a container of its own, which has the compiler and is thrown away. What was built
# is kept as an image of nothing else, for the next run on the same base with the same pins; its root is $environment.
make_environment() {
    [ -z "${environment:-}" ] || return 0
    local modules kept
    kept=localhost/indico-environment:$({ buildah inspect --type image --format '{{.FromImageID}}' localhost/indico-base:latest
        cat packaging/requirements-indico-3.2.9.txt; } | sha256sum | cut -c 1-16)
    if buildah inspect --type image "$kept" >/dev/null 2>&1; then
        begin "$kept"
        environment=$root/opt/indico
        return 0
    fi
    begin localhost/indico-base:latest
    # shellcheck disable=SC2046
    packages python3-venv $(listed build)
    cp packaging/requirements-indico-3.2.9.txt "$root/tmp/requirements.txt"
    inside /usr/bin/python3 -m venv /opt/indico
    inside_with_pip /usr/bin/env UWSGI_EMBED_PLUGINS=stats_pusher_statsd PYTHONDONTWRITEBYTECODE=1 /opt/indico/bin/pip install \
        --quiet --no-input --no-deps --no-binary uwsgi --requirement /tmp/requirements.txt
    modules=$(echo "$root"/opt/indico/lib/python3.*/site-packages)
    # Packed once, as one machine does it.
    find "$modules/indico/web/static" -type f -size +1000c \( -name '*.css' -o -name '*.js' -o -name '*.json' \
        -o -name '*.map' -o -name '*.svg' -o -name '*.txt' -o -name '*.ttf' -o -name '*.otf' -o -name '*.eot' \) \
        -exec gzip -9 -k -n -f {} +
    inside /opt/indico/bin/python -m compileall -q -j 0 /opt/indico/lib || true
    local built=$root/opt/indico
    begin scratch
    mkdir "$root/opt"
    cp -a "$built" "$root/opt/indico"
    environment=$root/opt/indico
    buildah commit --quiet --format oci "$container" "$kept" >/dev/null
}

make_indico() {
    make_environment
    begin localhost/indico-base:latest
    # shellcheck disable=SC2046
    packages $(listed run | grep -vE '^(postgresql-15|redis-tools|nginx|prometheus-nginx-exporter|python3-venv)$') postgresql-client-15 \
        libpython3.11 libstdc++6 libyaml-0-2
    account indico 2000 /srv/indico
    mkdir -p "$root/opt/indico"
    cp -a "$environment/." "$root/opt/indico/"
    ln -s "$(cd "$root" && echo opt/indico/lib/python3.*/site-packages/indico/web/static | sed 's|^|/|')" "$root/opt/indico/static"
    install -d -m 750 -o 2000 -g 2000 "$root"/srv/indico{,/archive,/backups,/cache,/custom,/etc,/log,/tmp}
    program statsd-exporter
    program celery-exporter
    pebble 2000
    commit indico --label "org.indico.version=$indico"
}

make_indico-nginx() {
    make_environment
    begin localhost/indico-base:latest
    packages nginx prometheus-nginx-exporter logrotate media-types
    account nginx 2001 /var/lib/nginx
    mkdir -p "$root/opt/indico/static"
    cp -a "$environment"/lib/python3.*/site-packages/indico/web/static/. "$root/opt/indico/static/"
    chown -R 2001:2001 "$root/etc/nginx" "$root/var/lib/nginx" "$root/var/log/nginx"
    pebble 2001
    commit indico-nginx --label "org.indico.version=$indico"
}

make_indico-charm() {
    begin localhost/indico-base:latest
    packages libsqlite3-0 libstdc++6 libyaml-0-2
    program indico-operator
    program hook-tool
    mkdir -p "$root/var/lib/juju/charm" "$root/charm/containers"
    scripts/charm.py --program "$programs/indico-charm" --stage "$root/var/lib/juju/charm"
    pebble 0 images/indico-charm/layer.yaml
    commit indico-charm
}

make_indico-postgresql() {
    begin localhost/indico-base:latest
    # Before the package, which would give it whatever number is free.
    account postgres 2003 /var/lib/postgresql
    packages postgresql-15
    rm -rf "$root/var/lib/postgresql/15"
    install -m 755 images/postgresql/start "$root/usr/bin/start-postgresql"
    install -d -m 755 -o 2003 -g 2003 "$root/var/lib/postgresql"
    pebble 2003 images/postgresql/layer.yaml
    commit indico-postgresql
}

make_indico-redis() {
    begin localhost/indico-base:latest
    # Before the package, which would give it whatever number is free.
    account redis 2002 /var/lib/redis
    packages redis-tools
    install -d -m 750 -o 2002 -g 2002 "$root/var/lib/redis"
    ln -s redis-check-rdb "$root/usr/bin/redis-server"
    pebble 2002 images/redis/layer.yaml
    commit indico-redis
}

mkdir -p "$out"
for name in "${all[@]}"; do
    case " ${wanted[*]} " in *" $name "*) ;; *) continue ;; esac
    began=$SECONDS
    echo "== $name"
    "make_$name"
    echo "   done in $((SECONDS - began)) s"
done
buildah images --format '{{.Name}} {{.Tag}} {{.Size}}' | awk '$2 == "latest" && $1 ~ /^localhost\/indico/ { print "   " $1, $3, $4 }' | sort
