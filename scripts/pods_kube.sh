#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A unit's pod through podman's own Kubernetes tools: written as a Kubernetes file, played as one, and written again. The
# second file must say the same as the first, and the pod that was played must have the same containers, running.
#
#   scripts/pods_kube.sh STATE DIRECTORY
set -euo pipefail
state=$1 out=$2
pod=indico-0 copy=indico-kube
export CONTAINERS_CONF=$state/pods/containers.conf

fail() {
    echo "pods_kube: $*" >&2
    exit 1
}
finish() { podman pod rm --force --time 5 "$copy" >/dev/null 2>&1 || true; }
trap finish EXIT

podman generate kube "$pod" >"$out/kube-first.yaml" 2>"$out/kube-warnings.log"
# The same pod under another name, on directories of its own: two agents on one model would refuse each other.
volumes=$out/kube-volumes
rm -rf -- "$volumes"
sed -e "s/$pod/$copy/g" -e "s|path: $state/pods|path: $volumes|" -e '/hostPort/d' "$out/kube-first.yaml" >"$out/kube-play.yaml"
sed -n "s|^ *path: \($volumes/.*\)|\1|p" "$out/kube-play.yaml" | sort -u | while read -r path; do
    mkdir -p "$path"
    # The images' users are not root.
    chmod 777 "$path"
done
network=$(podman network ls --format '{{.Name}}' | grep '^indico-')
podman play kube --network "$network" "$out/kube-play.yaml" >"$out/kube-play.log"
podman generate kube "$copy" >"$out/kube-second.yaml" 2>>"$out/kube-warnings.log"
running=$(podman ps --filter "pod=$copy" --format '{{.Names}}' | grep -vc -- '-infra$')
[ "$running" = 3 ] || fail "$running of 3 containers run in the pod that was played"
for container in charm indico indico-nginx; do
    podman exec "$copy-$copy-$container" /usr/bin/pebble version >/dev/null || fail "no Pebble answers in $container"
done
told() { grep -E '^ +(- )?(image|mountPath|name|value):' "$1" | sed -e "s/$copy-$copy/$pod/g; s/$copy/$pod/g" | sort -u; }
told "$out/kube-first.yaml" | grep -E 'image:|mountPath:' >"$out/kube-first.parts"
told "$out/kube-second.yaml" | grep -E 'image:|mountPath:' >"$out/kube-second.parts"
diff "$out/kube-first.parts" "$out/kube-second.parts" || fail 'the pod that was played has other images or mounts'
echo "$pod: 3/3 containers played, $(wc -l <"$out/kube-second.parts") images and mounts the same"
